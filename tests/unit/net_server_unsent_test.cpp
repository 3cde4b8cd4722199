// Answers that wait for clients that do not read: their bytes are bounded for the whole server.

#include <vx11/http_routes.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/server/server_state.hpp"
#include "net_served.hpp"

using namespace net_served;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::ServerEvent;
using vx11::net_detail::UnsentAnswers;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;
/// Far more than the sockets of both sides hold.
constexpr std::size_t kLarge = 32 * kMiB;

/// A server with large answers and room for three of them.
struct Large : Served {
  std::atomic<std::size_t> closed = 0;
  std::shared_ptr<vx11::HttpHandler> routes;

  Large() {
    serve.threads = 2;
    serve.limits.unsent_bytes = 3 * kLarge;
    serve.on_event = [this](ServerEvent event) {
      closed += event == ServerEvent::slow_reader_closed ? 1 : 0;
    };
    vx11::HttpRoutes made;
    made.get("/large", [](const HttpRequest&) {
      return HttpResponse(200, "text/plain", std::string(kLarge, 'x'));
    });
    made.get("/small", [](const HttpRequest&) { return HttpResponse(200, "text/plain", "small"); });
    made.get("/later", [this](const HttpRequest&) {
      asked = true;
      asked.notify_all();
      may_answer.wait(false);
      return HttpResponse(200, "text/plain", std::string(kLarge, 'x'));
    });
    routes = made.build().value();
    start(*routes);
  }

  RawHttpClient& ask_for_large() {
    clients.emplace_back(server->port());
    clients.back().send(getting("/large"));
    return clients.back();
  }
  /// Waits until that many answers wait, or have been closed.
  void await(std::size_t waiting, std::size_t closed_by_then) const {
    while (closed < closed_by_then || server->unsent_bytes() < waiting * kLarge / 2) {
      std::this_thread::yield();
    }
  }

  std::deque<RawHttpClient> clients;
  std::atomic<bool> asked = false;
  std::atomic<bool> may_answer = false;
};

/// Connections that note being closed by their loop.
struct Closings {
  class Connection final : public vx11::net_detail::ListedConnection {
   public:
    using ListedConnection::ListedConnection;
    void drain() noexcept override {}
    void abort() noexcept override { closed = true; }
    void cut_short() noexcept override { abort(); }
    bool evict() noexcept override { return false; }
    vx11::TimePoint idle_since() const noexcept override { return {}; }
    bool closed = false;
  };

  std::weak_ptr<vx11::net_detail::ListedConnection> connection() {
    return connections.emplace_back(std::make_shared<Connection>(list));
  }
  /// Runs what is posted to the loop. Call it once.
  std::vector<bool> closed() {
    loop.stop();
    loop.run();
    std::vector<bool> found;
    for (const auto& connection : connections) found.push_back(connection->closed);
    return found;
  }

  vx11::net_detail::ConnectionList list;
  vx11::net_detail::Loop loop;
  std::vector<std::shared_ptr<Connection>> connections;
};

}  // namespace

TEST_CASE_FIXTURE(Large,
                  "unread answers are bounded: the client that has waited longest is closed") {
  for (std::size_t i = 0; i < 3; ++i) {
    ask_for_large();
    await(i + 1, 0);
  }
  CHECK(closed == 0);
  for (std::size_t i = 0; i < 5; ++i) {
    ask_for_large();
    await(3, i + 1);
    CHECK(server->unsent_bytes() <= 3 * kLarge);
  }
  CHECK(closed == 5);
  std::size_t whole = 0;
  for (RawHttpClient& client : clients) whole += client.read_answer().body.size() == kLarge ? 1 : 0;
  CHECK(whole == 3);
  while (server->unsent_bytes() != 0) std::this_thread::yield();
}

TEST_CASE_FIXTURE(Large, "a client that has reset before its answer closes no other") {
  for (std::size_t i = 0; i < 3; ++i) {
    ask_for_large();
    await(i + 1, 0);
  }
  {
    RawHttpClient lost(server->port());
    lost.send(getting("/later"));
    asked.wait(false);
    lost.reset_on_close();
  }
  may_answer = true;
  may_answer.notify_all();
  for (int i = 0; i < 2; ++i) CHECK(ask(getting("/small")).body == "small");  // one for each loop
  CHECK(closed == 0);
  for (RawHttpClient& client : clients) CHECK(client.read_answer().body.size() == kLarge);
}

TEST_CASE("a client that reads slowly is kept before those that do not read") {
  Closings closings;
  UnsentAnswers all(10);
  {
    UnsentAnswers::Waiting slow(all, closings.connection(), closings.loop, 4);
    UnsentAnswers::Waiting silent(all, closings.connection(), closings.loop, 4);
    slow.progress();
    UnsentAnswers::Waiting newest(all, closings.connection(), closings.loop, 4);
    CHECK(newest.closed() == 1);
    CHECK(all.bytes() == 8);
    CHECK(closings.closed() == std::vector{false, true, false});
  }
  CHECK(all.bytes() == 0);
}

TEST_CASE("as many answers are closed as a new one needs, and each once") {
  Closings closings;
  UnsentAnswers all(10);
  UnsentAnswers::Waiting first(all, closings.connection(), closings.loop, 4);
  UnsentAnswers::Waiting second(all, closings.connection(), closings.loop, 4);
  UnsentAnswers::Waiting third(all, closings.connection(), closings.loop, 10);
  CHECK(third.closed() == 2);
  first.progress();  // it ends later
  UnsentAnswers::Waiting fourth(all, closings.connection(), closings.loop, 10);
  CHECK(fourth.closed() == 1);
  CHECK(all.bytes() == 10);
  CHECK(closings.closed() == std::vector{true, true, true, false});
}

TEST_CASE("an answer that exceeds the bound alone is closed, and no other") {
  Closings closings;
  UnsentAnswers all(10);
  UnsentAnswers::Waiting first(all, closings.connection(), closings.loop, 4);
  UnsentAnswers::Waiting too_large(all, closings.connection(), closings.loop, 11);
  CHECK(too_large.closed() == 1);
  CHECK(all.bytes() == 4);
  CHECK(closings.closed() == std::vector{false, true});
}

TEST_CASE("large answers are closed before small ones, which would free next to nothing") {
  Closings closings;
  UnsentAnswers all(4096);
  UnsentAnswers::Waiting small(all, closings.connection(), closings.loop, 3);
  UnsentAnswers::Waiting large(all, closings.connection(), closings.loop, 4000);
  UnsentAnswers::Waiting newest(all, closings.connection(), closings.loop, 1000);
  CHECK(newest.closed() == 1);
  UnsentAnswers::Waiting whole(all, closings.connection(), closings.loop, 4096);
  CHECK(whole.closed() == 2);
  CHECK(closings.closed() == std::vector{true, true, true, false});
}

TEST_CASE("an answer that has been sent in the meantime does not end its connection") {
  Closings closings;
  UnsentAnswers all(10);
  {
    UnsentAnswers::Waiting sent(all, closings.connection(), closings.loop, 10);
    UnsentAnswers::Waiting newest(all, closings.connection(), closings.loop, 10);
    CHECK(newest.closed() == 1);
  }
  CHECK(closings.closed() == std::vector{false, false});
}

TEST_CASE_FIXTURE(Large, "clients that do not read cost other clients nothing") {
  for (std::size_t i = 0; i < 6; ++i) ask_for_large();
  await(3, 3);
  CHECK(ask(getting("/small")).body == "small");
  CHECK(ask(getting("/large")).body.size() == kLarge);
}

TEST_CASE_FIXTURE(Large, "an answer that exceeds the bound alone is closed") {
  Served small;
  small.serve.limits.unsent_bytes = kMiB;
  small.start(*routes);
  CHECK(small.ask(getting("/large")).body.size() < kLarge);
  CHECK(small.ask(getting("/small")).body == "small");
}
