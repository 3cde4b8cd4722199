// Cancellation of requests, and stopping of the event-driven server.

#include <vx11/http_routes.hpp>
#include <vx11/streaming.hpp>

#include <coroutine>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "net_served.hpp"

using namespace net_served;

TEST_CASE_FIXTURE(GatedServer, "a client that goes away cancels its request") {
  {
    RawHttpClient client = connect();
    client.send(asking(kHello));
    gate->wait_for_caller();
  }
  gate->wait_for_cancelled();
  CHECK(switch_breaker->snapshot().failures == 0);
  CHECK(to_madre->calls() == 0);
  CHECK(ask(getting("/livez", "")).status == 200);
}

TEST_CASE_FIXTURE(GatedServer, "a stopped server finishes what is under way and takes no more") {
  RawHttpClient idle = connect();
  idle.send(getting("/livez", ""));
  CHECK(idle.read_answer().status == 200);
  std::optional<RawHttpClient> busy(std::in_place, server->port());
  busy->send(asking(kHello));
  gate->wait_for_caller();

  server->stop(60s);
  CHECK(idle.is_ended());
  CHECK_THROWS(RawHttpClient(server->port()));
  gate->let_go();
  const Answer answer = busy->read_answer();
  CHECK(answer.status == 200);
  CHECK(RawHttpClient::has(answer.head, "connection: close"));
  CHECK(busy->is_ended());
  busy.reset();
  CHECK(running->get() == 0);
}

TEST_CASE_FIXTURE(GatedServer, "a server past its stop deadline cuts off running requests") {
  serve.limits.half_close_within = 1h;  // the server's own end is not a client's half-close
  RawHttpClient busy = connect();
  busy.send(asking(kHello));
  gate->wait_for_caller();
  SUBCASE("because no time was given") {
    server->stop(0s);
  }
  SUBCASE("because stop was called twice") {
    server->stop(60s);
    server->stop(60s);
  }
  SUBCASE("because two threads stopped it at the same moment") {
    const std::jthread other([this] { server->stop(60s); });
    server->stop(60s);
  }
  CHECK(busy.is_ended());
  CHECK(running->get() == 1);
  gate->wait_for_cancelled();
}

TEST_CASE_FIXTURE(Served, "a connection made while the server stops is closed") {
  for (const unsigned threads : {1U, 3U}) {
    const vx11::OperatorApi& served = api();
    serve.threads = threads;
    server.emplace(HttpServer::bind(serve).value());
    RawHttpClient first(server->port());
    RawHttpClient second(server->port());
    server->stop(60s);  // before `run`, so that the accepts and the stop share a turn
    CHECK(server->run(served) == 0);
    server.reset();
    CHECK(first.is_ended());
    CHECK(second.is_ended());
  }
}

TEST_CASE_FIXTURE(Served,
                  "during the drain delay each request is answered, with Connection: close") {
  RawHttpClient kept = connect();
  kept.send(getting("/livez", ""));
  CHECK(kept.read_answer().status == 200);
  api().drain();
  server->stop(60s, 1h);
  Answer ready;
  while (ready.status != 503 || !RawHttpClient::has(ready.head, "connection: close")) {
    ready = ask(getting("/readyz", ""));  // until the loop has seen the stop
  }
  kept.send(getting("/livez", ""));
  const Answer last = kept.read_answer();
  CHECK(last.status == 200);
  CHECK(RawHttpClient::has(last.head, "connection: close"));
  CHECK(kept.is_ended());
  const Answer chat = ask(asking(kHello));
  CHECK(chat.status == 200);
  CHECK(RawHttpClient::has(chat.head, "connection: close"));
  server->stop();  // the second one ends the delay
  running->get();
  CHECK_THROWS(RawHttpClient(server->port()));
}

TEST_CASE_FIXTURE(Served, "what the system has accepted when the server stops is answered") {
  for (const unsigned threads : {1U, 3U}) {
    const vx11::OperatorApi& served = api();
    serve.threads = threads;
    server.emplace(HttpServer::bind(serve).value());
    std::deque<RawHttpClient> clients;
    for (int i = 0; i < 200; ++i) {
      clients.emplace_back(server->port());
      clients.back().send(getting("/livez", ""));
    }
    server->stop(60s);  // before `run`, so that the accepts and the stop share a turn
    std::thread runs([&] { CHECK(server->run(served) == 0); });
    for (RawHttpClient& client : clients) {
      CHECK(client.read_answer().status == 200);
    }
    runs.join();
    server.reset();
  }
}

TEST_CASE_FIXTURE(
    Served, "a request in the socket of a kept connection when the server stops is answered") {
  RawHttpClient kept = connect();
  kept.send(getting("/livez", ""));
  CHECK(kept.read_answer().status == 200);
  kept.send(getting("/livez", ""));
  server->stop(60s);
  CHECK(kept.read_answer().status == 200);
  CHECK(running->get() == 0);
}

TEST_CASE_FIXTURE(GatedServer, "a client that ends its sending side with its request is answered") {
  serve.limits.half_close_within = 1h;
  RawHttpClient client = connect();
  client.send(asking(kHello));
  client.end_sending();
  gate->wait_for_caller();
  gate->let_go();
  CHECK(client.read_answer().status == 200);
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(GatedServer,
                  "a client that resets after it has ended its sending side has left") {
  serve.limits.half_close_within = 1h;
  {
    RawHttpClient client = connect();
    client.send(asking(kHello));
    client.end_sending();
    gate->wait_for_caller();
    client.reset_on_close();
  }
  gate->wait_for_cancelled();
}

namespace {

/// Sends a piece, and waits until it is cut short.
class CutBody final : public vx11::BodyStream {
 public:
  enum class Last : bool { none, sent };

  explicit CutBody(Last last) : last_(last) {}
  vx11::Task<vx11::Result<std::string>> next(vx11::Deadline deadline) override {
    if (!std::exchange(begun_, true)) co_return std::string("first, ");
    const Resume resume{*this};
    const std::stop_callback on_stop(deadline.stop_token(), resume);
    Cut cut{*this};
    co_await cut;
    ended_ = true;
    co_return std::string("last");
  }
  bool ended() const noexcept override { return ended_; }
  bool cut_short() noexcept override {
    if (last_ == Last::sent) resume();
    return true;
  }

 private:
  struct Resume {
    CutBody& body;
    void operator()() const { body.resume(); }
  };
  struct Cut {
    CutBody& body;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> reader) const noexcept { body.reader_ = reader; }
    void await_resume() const noexcept {}
  };
  void resume() {
    if (reader_) std::exchange(reader_, nullptr).resume();
  }

  Last last_;
  bool begun_ = false;
  bool ended_ = false;
  std::coroutine_handle<> reader_ = nullptr;
};

/// A server whose one stream has begun.
struct CutServer {
  explicit CutServer(CutBody::Last last)
      : routes(vx11::HttpRoutes()
                   .get("/events",
                        [last](const vx11::HttpRequest&) {
                          return vx11::StreamedResponse(vx11::HttpResponse(200, "text/plain", {}),
                                                        std::make_unique<CutBody>(last));
                        })
                   .build()
                   .value()) {
    client.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    client.read_interim();
  }

  std::shared_ptr<vx11::HttpHandler> routes;
  HttpServer server = HttpServer::bind({.listen = "127.0.0.1:0", .threads = 1}).value();
  std::future<std::size_t> running =
      std::async(std::launch::async, [this] { return server.run(*routes); });
  RawHttpClient client{server.port()};
};

}  // namespace

TEST_CASE("past its stop deadline a server sends the last piece of a stream") {
  CutServer cut(CutBody::Last::sent);
  cut.server.stop(0s);
  CHECK(cut.client.read_all() == "7\r\nfirst, \r\n4\r\nlast\r\n0\r\n\r\n");
  CHECK(cut.running.get() == 1);
}

TEST_CASE("a stream whose last piece does not come is cut, and does not hold the server") {
  CutServer cut(CutBody::Last::none);
  cut.server.stop(0s);
  SUBCASE("") {}
  SUBCASE("at once if the server is stopped twice") {
    cut.server.stop(0s);
  }
  CHECK(cut.client.read_all() == "7\r\nfirst, \r\n");
  CHECK(cut.running.get() == 1);
}
