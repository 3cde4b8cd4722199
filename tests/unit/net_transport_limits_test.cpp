// The limits that only the event-driven transport has, and which connections it keeps.

#include <vx11/net/transport.hpp>

#include <atomic>
#include <latch>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "transport_suite/helpers.hpp"

using namespace transport_suite_parts;
using vx11::make_net_transport;
using vx11::NetTransportOptions;

namespace {

constexpr int kAtOnce = 6;

/// A server that answers only when `kAtOnce` requests are there, so that each needs a connection of
/// its own, and counts the connections that the other side then closes.
struct Crowd {
  std::latch all_there{kAtOnce};
  std::counting_semaphore<> gone{0};
  FakeHttpServer server{Script([this](Peer& peer) {
    peer.read_request();
    if (peer.index() < kAtOnce) all_there.arrive_and_wait();
    peer.send(answer_of("ok"));
    peer.hang();
    gone.release();
  })};

  int answered(Transport& transport) {
    std::atomic<int> answers = 0;
    std::vector<std::thread> callers;
    for (int i = 0; i < kAtOnce; ++i) {
      callers.emplace_back([&] { answers += get(transport, server.origin(), {}).has_value(); });
    }
    for (std::thread& caller : callers) caller.join();
    return answers;
  }
  bool closes(int connections) {
    for (int i = 0; i < connections; ++i) {
      if (!gone.try_acquire_for(kSoon)) return false;
    }
    return true;
  }
};

std::string head_of(std::size_t bytes) {
  const std::string begin = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: ";
  return begin + std::string(bytes - begin.size() - 4, 'x') + "\r\n\r\n";
}

}  // namespace

TEST_CASE("no first byte in time: timeout, though the deadline is far") {
  NetTransportOptions options;
  options.first_byte_timeout = 100ms;
  const auto transport = make_net_transport(options);
  CHECK(code_within(*transport, kSoon * 6, [](Peer& peer) { peer.hang(); }) == Errc::timeout);
}

TEST_CASE("after the first byte the limit for it no longer counts") {
  NetTransportOptions options;
  options.first_byte_timeout = 100ms;
  const auto transport = make_net_transport(options);
  const auto start = SteadyClock().now();
  FakeHttpServer server(Script([&](Peer& peer) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
    while (SteadyClock().now() - start < 200ms) std::this_thread::yield();
    peer.send("k");
  }));
  const auto answer = get(*transport, server.origin());
  REQUIRE(answer);
  CHECK(answer->body == "ok");
}

TEST_CASE("a head well above the limit is not read, one at the limit is") {
  NetTransportOptions options;
  options.max_head_bytes = 1000;
  const auto transport = make_net_transport(options);
  CHECK_FALSE(code_for(*transport, head_of(1000) + "ok"));
  CHECK(code_for(*transport, head_of(1100) + "ok") == Errc::too_large);
}

TEST_CASE("no more connections are kept than the cap says") {
  Crowd crowd;
  NetTransportOptions options;
  options.max_idle = 2;
  options.idle_timeout = kSoon * 6;
  const auto transport = make_net_transport(options);
  CHECK(crowd.answered(*transport) == kAtOnce);
  CHECK(crowd.closes(kAtOnce - 2));
}

TEST_CASE("with a cap of none no connection is kept") {
  FakeHttpServer server(answer_of("ok"));
  NetTransportOptions options;
  options.max_idle = 0;
  const auto keeps_none = make_net_transport(options);
  for (int i = 0; i < 3; ++i) CHECK(get(*keeps_none, server.origin()));
  CHECK(server.connections() == 3);
  const auto keeps_some = make_net_transport();
  for (int i = 0; i < 3; ++i) CHECK(get(*keeps_some, server.origin()));
  CHECK(server.connections() == 4);
}

TEST_CASE("a connection that idled too long is closed without being asked for") {
  Crowd crowd;
  NetTransportOptions options;
  options.idle_timeout = 50ms;
  const auto transport = make_net_transport(options);
  CHECK(crowd.answered(*transport) == kAtOnce);
  REQUIRE(crowd.closes(kAtOnce));
  CHECK(get(*transport, crowd.server.origin()));
  CHECK(crowd.server.connections() == kAtOnce + 1);
}
