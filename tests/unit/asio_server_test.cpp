#include <vx11/server/asio.hpp>

#include <algorithm>
#include <condition_variable>
#include <coroutine>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "operator_site.hpp"
#include "raw_http_client.hpp"
#include "streaming_script.hpp"

using namespace std::chrono_literals;
using operator_site::json;
using operator_site::Site;
using raw_http_client::Answer;
using raw_http_client::RawHttpClient;
using streaming_script::broken;
using streaming_script::Pieces;
using streaming_script::ScriptedStream;
using vx11::AsioServer;
using vx11::Errc;

namespace {

const std::string kHost = "Host: localhost\r\n";
const std::string kAuth = "x-vx11-token: " + operator_site::kToken + "\r\n";
const std::string kJson = "Content-Type: application/json\r\n";
const std::string kHello = R"({"message":"hello","session_id":"s-1"})";

std::string getting(const std::string& path, const std::string& headers = kAuth,
                    const std::string& version = "1.1") {
  return "GET " + path + " HTTP/" + version + "\r\n" + kHost + headers + "\r\n";
}

std::string asking(const std::string& body, const std::string& headers = kAuth + kJson,
                   const std::string& version = "1.1") {
  return "POST /operator/chat/ask HTTP/" + version + "\r\n" + kHost + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chunked(const std::string& chunks) {
  return "POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kAuth + kJson +
         "Transfer-Encoding: chunked\r\n\r\n" + chunks;
}

/// A site behind a server on a free port. Change the parts before `start`.
struct Served : Site {
  vx11::ServeOptions serve = {.listen = "127.0.0.1:0", .threads = 1};
  std::optional<AsioServer> server;
  std::optional<std::future<std::size_t>> running;

  Served() { to_switch->then_json(R"({"response":"from switch"})"); }
  ~Served() {
    if (!running) return;
    server->stop(0s);
    if (running->valid()) running->wait();
  }

  RawHttpClient connect() {
    if (!running) start();
    return RawHttpClient(server->port());
  }
  void start() {
    const vx11::OperatorApi& served = api();
    server.emplace(AsioServer::bind(serve).value());
    running = std::async(std::launch::async, [this, &served] { return server->run(served); });
  }
  Answer ask(const std::string& request) {
    RawHttpClient client = connect();
    client.send(request);
    return client.read_answer();
  }
  /// The status of an answer after which the server hears nothing more.
  int last_status(const std::string& request) {
    RawHttpClient client = connect();
    client.send(request);
    const Answer answer = client.read_answer();
    CHECK(RawHttpClient::has(answer.head, "connection: close"));
    CHECK(client.is_ended());
    return answer.status;
  }
};

/// An upstream that keeps its caller waiting until the test lets it go or nobody waits any more.
class Gate final : public vx11::Transport {
 public:
  vx11::Task<vx11::Result<vx11::HttpResponse>> send(const vx11::HttpRequest&,
                                                    vx11::Deadline deadline) override {
    Wait wait{*this, deadline.stop_token()};
    co_await wait;
    const bool cancelled = deadline.cancelled();
    note(cancelled);
    if (cancelled) co_return vx11::fail(Errc::cancelled, "scripted");
    co_return vx11::HttpResponse(200, "application/json", R"({"response":"at last"})");
  }

  void wait_for_caller() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 10s, [&] { return waiting_ != nullptr; }));
  }
  void wait_for_cancelled() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 10s, [&] { return cancelled_; }));
  }
  void let_go() {
    std::unique_lock lock(mutex_);
    const auto waiting = std::exchange(waiting_, nullptr);
    lock.unlock();
    if (waiting) waiting.resume();
  }

 private:
  struct Stop {
    Gate* gate;
    void operator()() const { gate->let_go(); }
  };
  struct Wait {
    Gate& gate;
    std::stop_token token;
    std::optional<std::stop_callback<Stop>> on_stop = {};

    bool await_ready() const noexcept { return token.stop_requested(); }
    void await_suspend(std::coroutine_handle<> waiting) {
      on_stop.emplace(token, Stop{&gate});
      const std::lock_guard lock(gate.mutex_);
      gate.waiting_ = waiting;
      gate.changed_.notify_all();
    }
    void await_resume() noexcept { on_stop.reset(); }
  };

  void note(bool cancelled) {
    const std::lock_guard lock(mutex_);
    cancelled_ = cancelled;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::coroutine_handle<> waiting_ = nullptr;
  bool cancelled_ = false;
};

struct GatedServer : Served {
  std::shared_ptr<Gate> gate = std::make_shared<Gate>();
  GatedServer() { router.targets[0].transport = gate; }
};

const std::string kEvents = kAuth + kJson + "Accept: text/event-stream\r\n";
const std::string kDone = "event: done\ndata: {\"model\":\"m-7\"}\n\n";
const std::string kHel = "data: {\"delta\":\"hel\"}\n\n";
const std::string kLo = "data: {\"delta\":\"lo\"}\n\n";

struct StreamingServer : Served {
  std::shared_ptr<ScriptedStream> upstream;

  void stream(Pieces pieces) {
    upstream = std::make_shared<ScriptedStream>(std::move(pieces));
    router.targets[0].transport = upstream;
  }
};

/// The data of the last event, which has that name.
json last_event(const std::string& body, const std::string& name) {
  const std::string begin = "event: " + name + "\ndata: ";
  const std::size_t at = body.rfind("event: ");
  REQUIRE(at != std::string::npos);
  REQUIRE(body.substr(at).starts_with(begin));
  REQUIRE(body.ends_with("\n\n"));
  return json::parse(body.substr(at + begin.size()));
}

}  // namespace

TEST_CASE("an address that is none is refused, and so is one that is taken") {
  for (const std::string listen : {"", "8000", "example.org:80", "127.0.0.1:", "127.0.0.1:65536",
                                   "127.0.0.1:8x", "[::1:80", "1.2.3:80:90"}) {
    CAPTURE(listen);
    const auto bound = AsioServer::bind({.listen = listen});
    REQUIRE_FALSE(bound.has_value());
    CHECK(bound.error().code == Errc::invalid_argument);
  }
  const auto first = AsioServer::bind({.listen = "localhost:0"});
  REQUIRE(first.has_value());
  CHECK(first->url() == "http://127.0.0.1:" + std::to_string(first->port()));
  const auto second = AsioServer::bind({.listen = "127.0.0.1:" + std::to_string(first->port())});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::unavailable);
}

TEST_CASE_FIXTURE(Served, "a chat is answered and stored") {
  const Answer answer = ask(asking(kHello));
  CHECK(answer.status == 200);
  CHECK(json::parse(answer.body).at("response") == "from switch");
  CHECK(RawHttpClient::has(answer.head, "\r\ndate: "));
  CHECK(json::parse(ask(getting("/operator/session/s-1")).body).at("messages").size() == 2);
}

TEST_CASE_FIXTURE(Served, "a connection serves one request after the other") {
  RawHttpClient client = connect();
  for (int i = 0; i < 3; ++i) {
    client.send(asking(kHello));
    const Answer answer = client.read_answer();
    CHECK(answer.status == 200);
    CHECK(RawHttpClient::has(answer.head, "connection: keep-alive"));
  }
  client.send(getting("/livez", "Connection: close\r\n"));
  CHECK(RawHttpClient::has(client.read_answer().head, "connection: close"));
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(Served, "an HTTP/1.0 client gets one answer, unless it asks for more") {
  CHECK(last_status(getting("/livez", "", "1.0")) == 200);
  RawHttpClient client = connect();
  client.send(getting("/livez", "Connection: keep-alive\r\n", "1.0"));
  CHECK(RawHttpClient::has(client.read_answer().head, "connection: keep-alive"));
  client.send(getting("/livez", "", "1.0"));
  CHECK(client.read_answer().status == 200);
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(Served, "requests sent at once are answered in order") {
  RawHttpClient client = connect();
  client.send(getting("/livez", "") + getting("/none") + asking(kHello) +
              getting("/operator/session/s-1") + getting("/operator/status", "") +
              getting("/livez", ""));
  for (const int status : {200, 404, 200, 200, 401, 200}) {
    CHECK(client.read_answer().status == status);
  }
}

TEST_CASE_FIXTURE(Served, "requests cut into single bytes are understood") {
  RawHttpClient client = connect();
  for (const char byte :
       asking(kHello) + chunked("5\r\n{\"mes\r\nc\r\nsage\":\"hey\"}\r\n0\r\n\r\n")) {
    client.send(std::string_view(&byte, 1));
  }
  CHECK(client.read_answer().status == 200);
  CHECK(client.read_answer().status == 200);
}

TEST_CASE_FIXTURE(GatedServer, "a request sent while another is under way waits for its turn") {
  RawHttpClient client = connect();
  client.send(asking(kHello));
  gate->wait_for_caller();
  client.send(getting("/livez", ""));
  gate->let_go();
  CHECK(json::parse(client.read_answer().body).at("response") == "at last");
  CHECK(client.read_answer().status == 200);
}

TEST_CASE_FIXTURE(Served, "HEAD has the head of GET and no body") {
  RawHttpClient client = connect();
  client.send("HEAD /livez HTTP/1.1\r\n" + kHost + "\r\n" +
              getting("/livez", "Connection: close\r\n"));
  const std::string all = client.read_all();
  const std::size_t end = all.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  CHECK(all.starts_with("HTTP/1.1 200 "));
  CHECK(all.find("Content-Length: ") < end);
  CHECK(all.substr(end + 4).starts_with("HTTP/1.1 200 "));
}

TEST_CASE_FIXTURE(Served, "OPTIONS and a wrong method say what is allowed") {
  RawHttpClient client = connect();
  client.send("OPTIONS /livez HTTP/1.1\r\n" + kHost + "\r\n");
  client.send("DELETE /livez HTTP/1.1\r\n" + kHost + "\r\n");
  client.send(getting("/operator/chat/ask"));
  const std::string all = (client.end_sending(), client.read_all());
  CHECK(all.starts_with("HTTP/1.1 204 "));
  const std::size_t second = all.find("HTTP/1.1 405 ");
  REQUIRE(second != std::string::npos);
  CHECK(all.substr(0, second).find("Content-Length") == std::string::npos);
  CHECK(all.find("Allow: GET, HEAD, OPTIONS") < second);
  CHECK(all.find("Allow: GET, HEAD, OPTIONS", second) != std::string::npos);
  CHECK(all.find("Allow: POST, OPTIONS", second) != std::string::npos);
}

TEST_CASE_FIXTURE(Served, "without a credential the body is not waited for") {
  CHECK(last_status("POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kJson +
                    "Content-Length: 1000\r\n\r\n") == 401);
  CHECK(last_status("POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kJson +
                    "Transfer-Encoding: chunked\r\n\r\n") == 401);
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Served, "a request hidden in the body of a refused one is never answered") {
  RawHttpClient client = connect();
  client.send(asking(getting("/livez", ""), kJson) + getting("/livez", ""));
  const std::string all = client.read_all();
  CHECK(all.starts_with("HTTP/1.1 401 "));
  CHECK(all.find("HTTP/1.1", 1) == std::string::npos);
}

TEST_CASE_FIXTURE(Served, "a client that asks first is told to go on when its body is wanted") {
  RawHttpClient client = connect();
  client.send("POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kAuth + kJson +
              "Expect: 100-continue\r\nContent-Length: " + std::to_string(kHello.size()) +
              "\r\n\r\n");
  CHECK(client.read_interim() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(kHello);
  CHECK(client.read_answer().status == 200);
}

TEST_CASE_FIXTURE(Served, "a client that asks first gets the refusal when its body is not wanted") {
  options.max_body_bytes = 1000;
  const std::string expect = kJson + "Expect: 100-continue\r\n";
  const std::string begin = "POST /operator/chat/ask HTTP/1.1\r\n" + kHost;
  CHECK(last_status(begin + expect + "Content-Length: 10\r\n\r\n") == 401);
  CHECK(last_status(begin + kAuth + expect + "Content-Length: 1001\r\n\r\n") == 413);
  CHECK(last_status(begin + kAuth + kJson + "Expect: tea\r\nContent-Length: 10\r\n\r\n") == 417);
}

TEST_CASE_FIXTURE(Served, "a body too large is 413, declared or not") {
  options.max_body_bytes = 1000;
  CHECK(last_status(asking(std::string(1001, ' '))) == 413);
  CHECK(last_status(chunked("3e9\r\n")) == 413);
  const std::string half = "1f5\r\n" + std::string(501, ' ') + "\r\n";
  CHECK(last_status(chunked(half + half)) == 413);
}

TEST_CASE_FIXTURE(Served, "a target or a head too large is 414 or 431") {
  serve.limits.head_bytes = 1024;
  serve.limits.target_bytes = 256;
  serve.limits.header_count = 10;
  CHECK(last_status(getting("/" + std::string(256, 'x'))) == 414);
  CHECK(last_status("GET /" + std::string(2000, 'x')) == 414);
  CHECK(last_status(getting("/livez", "X: " + std::string(1024, 'x') + "\r\n")) == 431);
  std::string many;
  for (int i = 0; i < 11; ++i) many += "X: y\r\n";
  CHECK(last_status(getting("/livez", many)) == 431);
  CHECK(ask(getting("/livez", "")).status == 200);
}

TEST_CASE_FIXTURE(Served, "what is no request is 400, and nothing after it is answered") {
  const std::string after = getting("/livez", "");
  for (const std::string bad :
       {"nonsense\r\n\r\n", "GET /livez HTTP/1.1\n\n", "GET /livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/2.0\r\nHost: a\r\n\r\n", "GET livez HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
        "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
        "chunked\r\n\r\n",
        "POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"}) {
    CAPTURE(bad);
    CHECK(last_status(bad + after) == 400);
  }
  CHECK(last_status(chunked("zz\r\n") + after) == 400);
}

TEST_CASE_FIXTURE(Served, "a head that never ends is 408") {
  serve.limits.head_within = 100ms;
  CHECK(last_status("GET /livez HTTP/1.1\r\nHost:") == 408);
}

TEST_CASE_FIXTURE(Served, "a body that never ends is 408") {
  serve.limits.body_within = 100ms;
  CHECK(last_status("POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kAuth + kJson +
                    "Content-Length: 10\r\n\r\n{") == 408);
  CHECK(last_status(chunked("5\r\n{")) == 408);
}

TEST_CASE_FIXTURE(Served, "an idle connection is closed without a word") {
  serve.limits.idle = 100ms;
  CHECK(connect().is_ended());
  RawHttpClient client = connect();
  client.send(getting("/livez", ""));
  client.read_answer();
  CHECK(client.is_ended());
}

TEST_CASE_FIXTURE(Served, "above the limits of connections the answer is 503") {
  SUBCASE("in all") {
    serve.limits.connections = 1;
  }
  SUBCASE("from one address") {
    serve.limits.connections_per_address = 1;
  }
  {
    RawHttpClient first = connect();
    first.send(getting("/livez", ""));
    CHECK(first.read_answer().status == 200);
    RawHttpClient second = connect();
    const Answer full = second.read_answer();
    CHECK(full.status == 503);
    CHECK(RawHttpClient::has(full.head, "retry-after: "));
    CHECK(second.is_ended());
    first.send(getting("/livez", "Connection: close\r\n"));
    CHECK(first.read_answer().status == 200);
  }
  // The place is free again as soon as the server has seen the first one go.
  int status = 503;
  for (int tries = 0; status != 200 && tries < 10'000; ++tries) {
    RawHttpClient client = connect();
    client.send(getting("/livez", ""));
    status = client.read_answer().status;
  }
  CHECK(status == 200);
}

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

TEST_CASE_FIXTURE(GatedServer, "a server out of patience cuts off what is under way") {
  RawHttpClient busy = connect();
  busy.send(asking(kHello));
  gate->wait_for_caller();
  SUBCASE("because no time was given") {
    server->stop(0s);
  }
  SUBCASE("because it was told twice") {
    server->stop(60s);
    server->stop(60s);
  }
  CHECK(busy.is_ended());
  CHECK(running->get() == 1);
  gate->wait_for_cancelled();
}

TEST_CASE("several loops serve several connections") {
  Served served;
  served.serve.threads = 3;
  std::vector<std::thread> clients;
  std::atomic<int> answered = 0;
  served.start();
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&] {
      RawHttpClient client(served.server->port());
      for (int n = 0; n < 20; ++n) {
        client.send(getting("/operator/power/status") + asking(kHello));
        client.read_answer();
        if (client.read_answer().status == 200) ++answered;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(answered == 120);
}

TEST_CASE_FIXTURE(StreamingServer, "a chat that accepts events is answered piece by piece") {
  stream({kHel, kLo + kDone});
  RawHttpClient client = connect();
  client.send(asking(kHello, kEvents));
  const Answer answer = client.read_answer();
  CHECK(answer.status == 200);
  CHECK(RawHttpClient::has(answer.head, "content-type: text/event-stream"));
  CHECK(RawHttpClient::has(answer.head, "transfer-encoding: chunked"));
  CHECK(
      answer.body.starts_with("event: message\ndata: {\"delta\":\"hel\"}\n\n"
                              "event: message\ndata: {\"delta\":\"lo\"}\n\n"));
  const json done = last_event(answer.body, "done");
  CHECK(done.at("session_id") == "s-1");
  CHECK(done.at("metadata").is_object());

  client.send(getting("/operator/session/s-1"));
  const json session = json::parse(client.read_answer().body);
  REQUIRE(session.at("messages").size() == 2);
  CHECK(session.at("messages")[0].at("content") == "hello");
  CHECK(session.at("messages")[1].at("content") == "hello");
}

TEST_CASE_FIXTURE(StreamingServer, "without wanting events it is answered whole") {
  const Answer answer = ask(asking(kHello));
  CHECK(answer.status == 200);
  CHECK(json::parse(answer.body).at("response") == "from switch");
}

TEST_CASE_FIXTURE(StreamingServer, "a stream that breaks ends with an error and stores nothing") {
  stream({kHel, broken(Errc::unreachable)});
  RawHttpClient client = connect();
  client.send(asking(kHello, kEvents));
  const Answer answer = client.read_answer();
  CHECK(answer.status == 200);
  CHECK(last_event(answer.body, "error").at("session_id") == "s-1");
  client.send(getting("/operator/session/s-1"));
  CHECK(client.read_answer().status == 404);
}

TEST_CASE_FIXTURE(StreamingServer,
                  "events of an upstream that cannot stream are one piece and done") {
  const Answer answer = ask(asking(kHello, kEvents));
  CHECK(answer.body.starts_with(
      "event: message\ndata: {\"delta\":\"from switch\"}\n\nevent: done\n"));
}

TEST_CASE_FIXTURE(StreamingServer, "when nobody begins to answer there are no events") {
  stream({broken(Errc::timeout)});
  to_madre->then_fail(Errc::unreachable);
  const Answer whole = ask(asking(kHello));
  const Answer answer = ask(asking(kHello, kEvents));
  CHECK(answer.status == whole.status);
  CHECK(RawHttpClient::has(answer.head, "content-type: application/json"));
  CHECK(json::parse(answer.body).at("session_id") == "s-1");
}

TEST_CASE_FIXTURE(StreamingServer,
                  "an HTTP/1.0 client gets events up to the end of the connection") {
  stream({kHel, kLo});
  RawHttpClient client = connect();
  client.send(asking(kHello, kEvents, "1.0"));
  const Answer answer = client.read_answer();
  CHECK_FALSE(RawHttpClient::has(answer.head, "transfer-encoding"));
  CHECK(RawHttpClient::has(answer.head, "connection: close"));
  CHECK(answer.body.starts_with("event: message\n"));
  CHECK(last_event(answer.body, "done").at("session_id") == "s-1");
  CHECK(client.is_ended());
}
