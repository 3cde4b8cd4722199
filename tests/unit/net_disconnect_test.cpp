// Clients that disconnect, or do not read, over real connections on both sides: the upstream call
// is cancelled, and does not count against the upstream.

#include <vx11/net/transport.hpp>
#include <vx11/streaming.hpp>

#include <cstdio>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include "fake_http_server.hpp"
#include "net_served.hpp"

using namespace net_served;
using fake_http_server::FakeHttpServer;
using fake_http_server::Peer;
using fake_http_server::Script;

namespace {

const std::string kEvents = kAuth + kJson + "Accept: text/event-stream\r\n";
const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& bytes) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}

/// Server, transport and upstream with sockets between them; only breakers and sessions use the
/// test's manual clock.
struct Wired : Served {
  Wired() {
    router.clock = {};
    options.clock = {};
  }

  void switch_is(const FakeHttpServer& server) {
    router.targets[0].transport = vx11::make_net_transport();
    router.targets[0].url = server.origin();
  }
  /// The next call to switch is its breaker's only probe.
  void make_next_call_a_probe() {
    trip(*switch_breaker);
    clock.advance(switch_breaker->options().open_for);
    REQUIRE(switch_breaker->state() == vx11::CircuitState::half_open);
  }
  /// Whether the probe's slot becomes free again, without a verdict on the upstream.
  bool probe_is_free_again() const {
    const auto give_up = vx11::SteadyClock().now() + 10s;
    while (vx11::SteadyClock().now() < give_up) {
      if (switch_breaker->state() != vx11::CircuitState::half_open) return false;
      if (switch_breaker->try_acquire()) return true;
      std::this_thread::yield();
    }
    return false;
  }
};

/// Takes a request and hangs until the caller cancels.
Script never_answering(std::binary_semaphore& asked, std::binary_semaphore& left) {
  return Script([&asked, &left](Peer& peer) {
    peer.read_request();
    asked.release();
    peer.hang();
    left.release();
  });
}

/// Blocks the server's loop before the second piece, until the test releases it.
struct HeldLoop {
  std::binary_semaphore held{0};
  std::binary_semaphore go_on{0};
};

class HoldingBody final : public vx11::BodyStream {
 public:
  explicit HoldingBody(HeldLoop& loop) : loop_(loop) {}

  vx11::Task<vx11::Result<std::string>> next(vx11::Deadline) override {
    if (std::exchange(pieces_, pieces_ + 1) == 1) {
      loop_.held.release();
      loop_.go_on.acquire();
    }
    co_return "data: {\"delta\":\"x\"}\n\n";
  }

 private:
  HeldLoop& loop_;
  int pieces_ = 0;
};

class HoldingTransport final : public vx11::StreamingTransport {
 public:
  explicit HoldingTransport(HeldLoop& loop) : loop_(loop) {}

  vx11::Task<vx11::Result<vx11::HttpResponse>> send(const vx11::HttpRequest&,
                                                    vx11::Deadline) override {
    co_return vx11::fail(Errc::unreachable, "only streams");
  }
  vx11::Task<vx11::Result<vx11::StreamedResponse>> open(const vx11::HttpRequest&,
                                                        vx11::Deadline) override {
    co_return vx11::StreamedResponse(vx11::HttpResponse(200, "text/event-stream", {}),
                                     std::make_unique<HoldingBody>(loop_));
  }

 private:
  HeldLoop& loop_;
};

}  // namespace

// AddressSanitizer detects a use after free here.
TEST_CASE_FIXTURE(Served, "a disconnect may be noticed by a send first") {
  HeldLoop loop;
  router.targets[0].transport = std::make_shared<HoldingTransport>(loop);
  {
    const RawHttpClient client = connect();
    client.send(asking(kHello, kEvents));
    loop.held.acquire();
  }  // with an unread piece, so that the connection is reset
  loop.go_on.release();
  CHECK(ask(getting("/livez", "")).status == 200);
  CHECK(switch_breaker->snapshot().failures == 0);
  CHECK(to_madre->calls() == 0);
}

TEST_CASE_FIXTURE(Wired, "a client disconnect in mid-stream ends the upstream's call, neutrally") {
  std::binary_semaphore upstream_left(0);
  FakeHttpServer upstream(Script([&](Peer& peer) {
    peer.read_request();
    peer.send(kStreamHead + chunk("data: {\"delta\":\"hel\"}\n\n"));
    peer.hang();
    upstream_left.release();
  }));
  switch_is(upstream);
  make_next_call_a_probe();
  {
    RawHttpClient client = connect();
    client.send(asking(kHello, kEvents));
    REQUIRE(client.read_interim().starts_with("HTTP/1.1 200 "));
    CHECK_FALSE(switch_breaker->try_acquire());
  }
  upstream_left.acquire();
  CHECK(probe_is_free_again());
  CHECK(to_madre->calls() == 0);
  CHECK(ask(getting("/operator/session/s-1")).status == 404);
}

TEST_CASE_FIXTURE(Wired,
                  "a client that leaves before the answer ends the upstream's call, unblamed") {
  std::binary_semaphore asked(0);
  std::binary_semaphore upstream_left(0);
  FakeHttpServer upstream(never_answering(asked, upstream_left));
  switch_is(upstream);
  make_next_call_a_probe();
  for (const std::string& headers : {kAuth + kJson, kEvents}) {
    CAPTURE(headers);
    {
      RawHttpClient client = connect();
      client.send(asking(kHello, headers));
      asked.acquire();
    }
    upstream_left.acquire();
    CHECK(probe_is_free_again());
  }
  CHECK(to_madre->calls() == 0);
}

TEST_CASE_FIXTURE(Wired, "a disconnect is noticed behind a pipelined request") {
  std::binary_semaphore asked(0);
  std::binary_semaphore upstream_left(0);
  FakeHttpServer upstream(never_answering(asked, upstream_left));
  switch_is(upstream);
  make_next_call_a_probe();
  {
    RawHttpClient client = connect();
    client.send(asking(kHello, kAuth + kJson) + getting("/livez", ""));
    asked.acquire();
  }
  upstream_left.acquire();
  CHECK(probe_is_free_again());
  CHECK(to_madre->calls() == 0);
}

TEST_CASE_FIXTURE(Wired, "a client that does not read its stream is left, and so is the upstream") {
  std::binary_semaphore upstream_left(0);
  FakeHttpServer upstream(Script([&](Peer& peer) {
    peer.read_request();
    peer.send(kStreamHead);
    const std::string event =
        chunk("data: {\"delta\":\"" + std::string(16 * 1024, 'x') + "\"}\n\n");
    while (peer.send(event)) {
    }
    upstream_left.release();
  }));
  switch_is(upstream);
  serve.limits.send_timeout = 100ms;
  make_next_call_a_probe();
  const RawHttpClient client = connect();
  client.send(asking(kHello, kEvents));
  upstream_left.acquire();
  CHECK(probe_is_free_again());
}

TEST_CASE_FIXTURE(Wired, "a stream passes from the upstream to the client and ends well") {
  FakeHttpServer upstream(kStreamHead + chunk("data: {\"delta\":\"hel\"}\n\n") +
                          chunk("data: {\"delta\":\"lo\"}\n\nevent: done\ndata: {}\n\n") +
                          "0\r\n\r\n");
  switch_is(upstream);
  make_next_call_a_probe();
  const Answer answer = ask(asking(kHello, kEvents));
  CHECK(answer.status == 200);
  CHECK(answer.body.starts_with("id: 1\nevent: message\ndata: {\"delta\":\"hel\"}\n\n"));
  CHECK(switch_breaker->state() == vx11::CircuitState::closed);
  CHECK(json::parse(ask(getting("/operator/session/s-1")).body).at("messages").size() == 2);
}
