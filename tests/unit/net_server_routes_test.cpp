// Routes of the user's own behind the event-driven server, beside an operator API.
#include <vx11/http_routes.hpp>
#include <vx11/net/transport.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/replaceable_handler.hpp>
#include <vx11/router.hpp>

#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <utility>

#include "net_served.hpp"
#include "streaming_script.hpp"

using namespace net_served;
using streaming_script::broken;
using streaming_script::Pieces;
using streaming_script::ScriptedBody;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::RoutedRequest;
using vx11::StreamedResponse;
using vx11::Task;

namespace {

HttpResponse text(std::string body) {
  return HttpResponse(200, "text/plain", std::move(body));
}

/// A server with routes, to be added before the first connection, and the API behind them.
struct RoutedServer : Served {
  vx11::HttpRoutes routes;
  std::shared_ptr<vx11::HttpHandler> handler;

  RoutedServer() {
    routes.get("/hello", [](const HttpRequest&) { return text("hello"); });
    routes.post("/echo", [](const HttpRequest& request) { return text(request.body); },
                {.max_body_bytes = 8});
  }
  RawHttpClient connect() {
    if (!running) {
      handler = routes.mount("/", api()).build().value();
      start(*handler);
    }
    return RawHttpClient(server->port());
  }
  Answer ask(const std::string& request) {
    RawHttpClient client = connect();
    client.send(request);
    return client.read_answer();
  }
};

std::string posting(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\n" + kHost +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

auto streams(Pieces pieces) {
  return [pieces = std::move(pieces)](const HttpRequest&) {
    const auto open = std::make_shared<std::atomic<int>>(0);
    return StreamedResponse(text({}), std::make_unique<ScriptedBody>(pieces, open));
  };
}

class ThrowingBody final : public vx11::BodyStream {
 public:
  Task<vx11::Result<std::string>> next(vx11::Deadline) override {
    throw std::runtime_error("next");
  }
};

/// Says whether the coroutine that made the answer is freed.
class WatchingBody final : public vx11::BodyStream {
 public:
  explicit WatchingBody(std::weak_ptr<int> made) : made_(std::move(made)) {}
  Task<vx11::Result<std::string>> next(vx11::Deadline) override {
    if (asked_++ == 0) return vx11::Result<std::string>("first, ");
    if (asked_ > 2) return vx11::Result<std::string>("");
    return vx11::Result<std::string>(made_.expired() ? "freed" : "held");
  }

 private:
  std::weak_ptr<int> made_;
  int asked_ = 0;
};

Task<StreamedResponse> watched(std::shared_ptr<int> made) {
  co_return StreamedResponse(text({}), std::make_unique<WatchingBody>(made));
}

/// Replaces the handler that it belongs to, and says whether that still exists.
class ReplacingBody final : public vx11::BodyStream {
 public:
  ReplacingBody(vx11::ReplaceableHandler& handler, std::weak_ptr<vx11::HttpHandler> own)
      : handler_(handler), own_(std::move(own)) {}
  Task<vx11::Result<std::string>> next(vx11::Deadline) override {
    if (asked_++ > 1) return vx11::Result<std::string>("");
    if (asked_ == 2) return vx11::Result<std::string>(own_.expired() ? "freed" : "held");
    handler_.replace(vx11::HttpRoutes().build().value());
    return vx11::Result<std::string>("first, ");
  }

 private:
  vx11::ReplaceableHandler& handler_;
  std::weak_ptr<vx11::HttpHandler> own_;
  int asked_ = 0;
};

/// Throws in every user callback.
class ThrowingHandler final : public vx11::HttpHandler {
 public:
  tl::expected<vx11::HttpAdmission, HttpResponse> admit(const HttpRequest& head) const override {
    if (head.target == "/admit") throw std::runtime_error("admit");
    return vx11::HttpAdmission(*this, 100, {});
  }
  Task<StreamedResponse> open(const HttpRequest& request, const vx11::HttpAdmission&,
                              vx11::Deadline) const override {
    if (request.target == "/open") throw std::runtime_error("open");
    if (request.target == "/task") return throwing();
    if (request.target == "/next") {
      return StreamedResponse(text({}), std::make_unique<ThrowingBody>());
    }
    return StreamedResponse(text("fine"), nullptr);
  }

 private:
  static Task<StreamedResponse> throwing() {
    throw std::runtime_error("task");
    co_return StreamedResponse();
  }
};

}  // namespace

TEST_CASE_FIXTURE(RoutedServer, "routes and the API are served side by side, pipelined in order") {
  RawHttpClient client = connect();
  client.send(getting("/hello", "") + posting("/echo", "one") + getting("/livez", "") +
              getting("/none") + asking(kHello) + posting("/echo", "two"));
  CHECK(client.read_answer().body == "hello");
  CHECK(client.read_answer().body == "one");
  CHECK(client.read_answer().status == 200);
  CHECK(client.read_answer().status == 404);
  CHECK(json::parse(client.read_answer().body).at("response") == "from switch");
  CHECK(client.read_answer().body == "two");
}

TEST_CASE_FIXTURE(RoutedServer, "a request knows the address of its client") {
  routes.get("/who", [](const HttpRequest& request) { return text(request.peer->address); });
  RawHttpClient client = connect();
  client.send(getting("/who", "") + getting("/who", ""));
  CHECK(client.read_answer().body == "127.0.0.1");
  CHECK(client.read_answer().body == "127.0.0.1");
}

TEST_CASE_FIXTURE(RoutedServer, "HEAD of a route has the length of its body and not the body") {
  RawHttpClient client = connect();
  client.send("HEAD /hello HTTP/1.1\r\n" + kHost + "\r\n" +
              getting("/hello", "Connection: close\r\n"));
  const std::string all = client.read_all();
  const std::size_t end = all.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  CHECK(all.find("Content-Length: 5\r\n") < end);
  CHECK(all.substr(end + 4).starts_with("HTTP/1.1 200 "));
  CHECK(all.ends_with("\r\n\r\nhello"));
}

TEST_CASE_FIXTURE(RoutedServer, "a response without a body keeps the connection in step") {
  routes.get("/nothing", [](const HttpRequest&) {
    return HttpResponse(204, "text/plain", "a mistake of the handler's");
  });
  routes.get("/no-stream", [](const HttpRequest&) {
    return StreamedResponse(HttpResponse(304), std::make_unique<ThrowingBody>());
  });
  RawHttpClient client = connect();
  client.send(getting("/nothing") + getting("/no-stream") +
              getting("/hello", "Connection: close\r\n"));
  const std::string all = client.read_all();
  CHECK(all.starts_with("HTTP/1.1 204 "));
  CHECK(all.find("\r\n\r\nHTTP/1.1 304 ") < all.find("\r\n\r\nHTTP/1.1 200 "));
  CHECK(all.ends_with("\r\n\r\nhello"));
}

TEST_CASE_FIXTURE(RoutedServer, "what answered a request is freed before its stream ends") {
  routes.get("/watched", [](const HttpRequest&) { return watched(std::make_shared<int>()); });
  CHECK(ask(getting("/watched")).body == "first, freed");
}

TEST_CASE_FIXTURE(RoutedServer, "a handler that is replaced lasts to the end of its streams") {
  std::unique_ptr<vx11::ReplaceableHandler> replaceable;
  std::weak_ptr<vx11::HttpHandler> first;
  routes.get("/replaced", [&](const HttpRequest&) {
    return StreamedResponse(text({}), std::make_unique<ReplacingBody>(*replaceable, first));
  });
  auto built = routes.build().value();
  first = built;
  replaceable = std::make_unique<vx11::ReplaceableHandler>(std::move(built));
  start(*replaceable);
  RawHttpClient client(server->port());
  client.send(getting("/replaced") + getting("/replaced"));
  CHECK(client.read_answer().body == "first, held");
  CHECK(client.read_answer().status == 404);
  CHECK(first.expired());
}

TEST_CASE_FIXTURE(RoutedServer, "a wrong method says what is allowed") {
  const Answer answer = ask("DELETE /hello HTTP/1.1\r\n" + kHost + "\r\n");
  CHECK(answer.status == 405);
  CHECK(RawHttpClient::has(answer.head, "allow: get, head, options\r\n"));
}

TEST_CASE_FIXTURE(RoutedServer, "each route has its own limit for the body") {
  routes.post("/large", [](const HttpRequest& r) { return text(r.body); },
              {.max_body_bytes = 3'000'000});
  RawHttpClient client = connect();
  const std::string large(2'500'000, 'x');  // more than the API takes
  client.send(posting("/echo", "12345678") + posting("/large", large) + posting("/echo", "1"));
  CHECK(client.read_answer().body == "12345678");
  CHECK(client.read_answer().body == large);
  CHECK(client.read_answer().body == "1");
  CHECK(last_status(posting("/echo", "123456789")) == 413);
  CHECK(last_status("POST /echo HTTP/1.1\r\n" + kHost +
                    "Transfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n") == 413);
  CHECK(last_status("POST /large HTTP/1.1\r\n" + kHost + "Content-Length: 3000001\r\n\r\n") == 413);
}

TEST_CASE_FIXTURE(RoutedServer, "a route refused by its head is answered without its body") {
  routes.post("/closed", [](const HttpRequest&) { return text("in"); },
              {.admit = [](const HttpRequest&) { return std::optional(HttpResponse(403)); }});
  connect();
  CHECK(last_status("POST /closed HTTP/1.1\r\n" + kHost + "Content-Length: 1000\r\n\r\n") == 403);
}

TEST_CASE_FIXTURE(RoutedServer, "a route answers piece by piece") {
  routes.get("/stream", streams({std::string("one "), std::string("two")}));
  routes.get("/broken", streams({std::string("one "), broken(Errc::unreachable)}));
  RawHttpClient client = connect();
  client.send(getting("/stream") + "HEAD /stream HTTP/1.1\r\n" + kHost + "\r\n" +
              getting("/hello") + getting("/broken"));
  const Answer answer = client.read_answer();
  CHECK(RawHttpClient::has(answer.head, "transfer-encoding: chunked"));
  CHECK(answer.body == "one two");
  const std::string rest = client.read_all();
  CHECK(rest.find("\r\n\r\nHTTP/1.1 200 ") < rest.find("hello"));
  CHECK(rest.ends_with("\r\n\r\n4\r\none \r\n"));  // cut off: no last chunk
}

TEST_CASE("a handler that throws is answered 500, and the connection is served on") {
  Served served;
  const ThrowingHandler throwing;
  served.start(throwing);
  RawHttpClient client(served.server->port());
  client.send(getting("/admit") + getting("/open") + getting("/task") + getting("/next") +
              getting("/fine"));
  for (const int status : {500, 500, 500, 500, 200}) CHECK(client.read_answer().status == status);
  client.send("POST /open HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\n\r\nx" + getting("/fine"));
  CHECK(client.read_answer().status == 500);
  CHECK(client.read_answer().body == "fine");
}

TEST_CASE_FIXTURE(RoutedServer, "a client that disconnects fires the stop token of its route") {
  const auto gate = std::make_shared<GatedTransport>();
  routes.get("/wait", [gate](const RoutedRequest& call) -> Task<HttpResponse> {
    auto sending = gate->send(call.request, call.deadline);
    const auto answer = co_await std::move(sending);
    co_return answer.value_or(HttpResponse(502));
  });
  {
    const RawHttpClient client = connect();
    client.send(getting("/wait"));
    gate->wait_for_caller();
  }
  gate->wait_for_cancelled();
  CHECK(ask(getting("/hello")).status == 200);
}

TEST_CASE_FIXTURE(RoutedServer,
                  "a blocking call in a route is refused instead of stopping its loop") {
  const auto http = vx11::make_net_transport();
  const std::string url = "http://127.0.0.1:1";
  const vx11::Router router =
      vx11::Router::create({.targets = {{.name = "madre", .url = url, .transport = http}}}).value();
  const vx11::PowerStateClient madre(http, url);
  routes.get("/ask", [&](const HttpRequest&) {
    return text(router.ask(vx11::ChatRequest("hello", "")).error().detail);
  });
  routes.get("/state", [&](const HttpRequest&) { return text(madre.state().error().detail); });
  routes.get("/close",
             [&](const HttpRequest&) { return text(madre.close_window().error().detail); });
  const std::string refused = "this is the thread of an event loop, which must not wait: co_await ";
  CHECK(ask("GET /ask HTTP/1.1\r\n" + kHost + "\r\n").body == refused + "async_ask()");
  CHECK(ask("GET /state HTTP/1.1\r\n" + kHost + "\r\n").body == refused + "async_state()");
  CHECK(ask("GET /close HTTP/1.1\r\n" + kHost + "\r\n").body == refused + "async_close_window()");
  CHECK(madre.state().error().code == vx11::Errc::unreachable);  // here it may wait
}
