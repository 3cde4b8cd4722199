// No connection holds its loop: what others are answered in between is counted, not timed.
#include <vx11/http_routes.hpp>
#include <vx11/net/transport.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>

#include "fake_http_server.hpp"
#include "net_served.hpp"

using namespace net_served;
using fake_http_server::FakeHttpServer;
using fake_http_server::Peer;
using fake_http_server::Script;
using vx11::HttpRequest;
using vx11::HttpResponse;

namespace {

HttpResponse text(std::string body) {
  return HttpResponse(200, "text/plain", std::move(body));
}

/// A server on one loop that counts requests to `/greedy`, and remembers how many of them came
/// before the first one to `/modest`.
struct Counted : Served {
  vx11::HttpRoutes routes;
  std::shared_ptr<vx11::HttpHandler> handler;
  std::atomic<int> greedy = 0;
  std::atomic<int> before_modest = -1;
  std::optional<RawHttpClient> modest;

  Counted() {
    routes.get("/greedy", [this](const HttpRequest&) {
      if (++greedy == 1) modest->send(getting("/modest", ""));  // in its socket before we return
      return text("g");
    });
    routes.get("/modest", [this](const HttpRequest&) {
      if (before_modest < 0) before_modest = greedy.load();
      return text("m");
    });
    routes.post(
        "/upload",
        [](const HttpRequest& request) { return text(std::to_string(request.body.size())); },
        {.max_body_bytes = 64 * 1024 * 1024});
  }
  void run() {
    handler = routes.build().value();
    start(*handler);
    modest.emplace(server->port());
    modest->send(getting("/modest", ""));
    CHECK(modest->read_answer().status == 200);
    before_modest = -1;
  }
};

/// Clients and upstreams over sockets, on the machine's clock.
struct Wired : Served {
  Wired() {
    router.clock = {};
    options.clock = {};
    router.targets[0].transport = vx11::make_net_transport();
    router.targets[0].try_timeout = 500ms;
    to_madre->then_json(R"({"response":"from madre"})");
  }
};

/// Sends `bytes` again and again, until the other side has gone.
Script flooding(std::string head, std::string bytes, std::binary_semaphore& begun) {
  return Script([head = std::move(head), bytes = std::move(bytes), &begun](Peer& peer) {
    peer.read_request();
    if (!peer.send(head)) return;
    std::string much;
    while (much.size() < 256 * 1024) much += bytes;
    bool released = false;
    while (peer.send(much)) {
      if (!std::exchange(released, true)) begun.release();
    }
  });
}

}  // namespace

TEST_CASE_FIXTURE(Counted,
                  "a connection that pipelines thousands of requests does not hold its loop") {
  run();
  constexpr int kMany = 4000;
  std::string all;
  for (int i = 0; i < kMany; ++i) all += getting("/greedy", "");
  RawHttpClient client(server->port());
  std::jthread sender([&] { client.send(all); });
  for (int i = 0; i < kMany; ++i) REQUIRE(client.read_answer().body == "g");
  CHECK(modest->read_answer().body == "m");
  CHECK(before_modest >= 1);
  CHECK(before_modest <= 64);
}

TEST_CASE_FIXTURE(Wired,
                  "an upstream that floods interim answers is timed out, and others are served") {
  std::binary_semaphore begun(0);
  FakeHttpServer upstream(flooding("", "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n", begun));
  router.targets[0].url = upstream.origin();
  RawHttpClient asks = connect();
  asks.send(asking(kHello));
  begun.acquire();
  RawHttpClient probes(server->port());
  for (int i = 0; i < 3; ++i) {
    probes.send(getting("/livez", ""));
    CHECK(probes.read_answer().status == 200);
  }
  const Answer answer = asks.read_answer();
  CHECK(answer.status == 200);
  CHECK(answer.body.find("switch_timeout") != std::string::npos);
}

TEST_CASE_FIXTURE(Wired, "an upstream that floods a body is cut off, and others are served") {
  std::binary_semaphore begun(0);
  FakeHttpServer upstream(flooding("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                                   "1;extension\r\nb\r\n", begun));
  router.targets[0].url = upstream.origin();
  RawHttpClient asks = connect();
  asks.send(asking(kHello));
  RawHttpClient probes(server->port());
  probes.send(getting("/livez", ""));
  CHECK(probes.read_answer().status == 200);
  CHECK(asks.read_answer().status == 200);
}

TEST_CASE_FIXTURE(Counted, "a large body is taken in pieces, whole") {
  run();
  const std::string body(8 * 1024 * 1024, 'b');
  RawHttpClient client(server->port());
  client.send("POST /upload HTTP/1.1\r\n" + kHost +
              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  CHECK(client.read_answer().body == std::to_string(body.size()));
}
