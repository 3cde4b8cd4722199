#include <vx11/httplib.hpp>
#include <vx11/store/memory.hpp>
#include <vx11/transport/in_process.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "raw_http_client.hpp"

using raw_http_client::Answer;
using raw_http_client::RawHttpClient;
using vx11::HttpRequest;
using vx11::HttpResponse;

namespace {

constexpr std::string_view kToken = "x-vx11-token: secret\r\n";
constexpr std::string_view kJson = "Content-Type: application/json\r\n";

/// A healthy madre.
vx11::Result<HttpResponse> madre(const HttpRequest& request, const vx11::Deadline&) {
  const auto json = [](std::string body) {
    return HttpResponse(200, "application/json", std::move(body));
  };
  if (request.target == "/madre/chat") return json(R"({"response":"hello from madre"})");
  if (request.target == "/health") return json(R"({"status":"ok"})");
  if (request.target.starts_with("/madre/power/")) {
    return json(R"({"policy":"solo_madre","active_services":["madre","redis"]})");
  }
  return HttpResponse(404);
}

vx11::OperatorApi make_api(std::size_t max_body_bytes) {
  const auto transport = std::make_shared<vx11::InProcessTransport>(&madre);
  const std::string url = "http://madre:8001";
  auto router =
      vx11::Router::create({.targets = {{.name = "madre", .url = url, .transport = transport}}});
  REQUIRE(router);
  auto api = vx11::OperatorApi::create(
      {.auth = vx11::make_token_authenticator("secret").value(),
       .router = std::move(*router),
       .health = std::make_shared<vx11::HealthAggregator>(vx11::HealthOptions{
           .components = {{.name = "tentaculo_link", .port = 8000, .check = vx11::SelfCheck{}}}}),
       .power = std::make_shared<vx11::PowerStateClient>(transport, url),
       .sessions = vx11::make_memory_session_store(),
       .max_body_bytes = max_body_bytes});
  REQUIRE(api);
  return *std::move(api);
}

/// A server with a route of its own and ours, running from `start` on.
class Mounted {
 public:
  explicit Mounted(std::size_t max_body_bytes = 1 << 20) {
    server.Get("/mine", [this](const httplib::Request&, httplib::Response& response) {
      ++hits;
      response.set_content("mine", "text/plain");
    });
    server.Get("/operator/mine", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("mine as well", "text/plain");
    });
    vx11::mount(server, make_api(max_body_bytes));
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  ~Mounted() {
    server.stop();
    if (thread_.joinable()) thread_.join();
  }

  Mounted& start() {
    server.set_read_timeout(1);  // for tests of incomplete requests
    server.set_keep_alive_timeout(1);
    port = server.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
    return *this;
  }

  /// The answer to one request on a connection of its own.
  Answer ask(std::string_view line, std::string_view headers = kToken,
             std::string_view body = {}) const {
    RawHttpClient client(port);
    client.send(request(line, headers, body));
    return client.read_answer();
  }

  static std::string request(std::string_view line, std::string_view headers,
                             std::string_view body = {}) {
    std::string text(line);
    text.append(" HTTP/1.1\r\nHost: h\r\n").append(headers);
    if (!body.empty()) text.append("Content-Length: " + std::to_string(body.size()) + "\r\n");
    return text.append("\r\n").append(body);
  }

  httplib::Server server;
  std::atomic<int> hits = 0;
  int port = 0;

 private:
  std::thread thread_;
};

std::string chat_headers() {
  return std::string(kToken).append(kJson);
}

constexpr std::string_view kChat = R"({"message":"hi","session_id":"s 1"})";

/// A body that consists of requests for the server's own route.
std::string smuggled() {
  std::string body;
  while (body.size() < 65536) body += "GET /mine HTTP/1.1\r\nHost: h\r\n\r\n";
  return body;
}

/// The answers to `bytes` and a last request after them, up to the end of the connection. (Half-
/// closing instead does not work: cpp-httplib then sends no answer.)
std::string all_answers(const Mounted& mounted, std::string_view bytes) {
  RawHttpClient client(mounted.port);
  client.send(bytes);
  client.send("GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  return client.read_all();
}

int count(std::string_view text, std::string_view what) {
  int count = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("every endpoint is served, with the token") {
  Mounted mounted;
  mounted.start();
  for (const std::string path :
       {"/operator/status", "/operator/power/state", "/operator/power/status",
        "/operator/power/policy/solo_madre/status", "/vx11/circuit-breaker/status", "/metrics"}) {
    CAPTURE(path);
    CHECK(mounted.ask("GET " + path).status == 200);
    const Answer refused = mounted.ask("GET " + path, "");
    CHECK(refused.status == 401);
    CHECK(refused.body == R"({"error":"auth_required","status_code":401})");
  }
  for (const std::string path : {"/health", "/livez", "/readyz"}) {
    CAPTURE(path);
    CHECK(mounted.ask("GET " + path, "").status == 200);
  }
  for (const std::string path : {"/operator/chat/ask", "/operator/chat"}) {
    CAPTURE(path);
    const Answer answer = mounted.ask("POST " + path, chat_headers(), kChat);
    CHECK(answer.status == 200);
    CHECK(answer.body.find(R"("session_id":"s 1","response":"hello from madre")") !=
          std::string::npos);
  }
  CHECK(mounted.ask("POST /operator/power/service/hermes/start").status == 200);
}

TEST_CASE("the server's own routes stay, and its own 404") {
  Mounted mounted;
  mounted.start();
  CHECK(mounted.ask("GET /mine", "").body == "mine");
  CHECK(mounted.ask("GET /operator/mine", "").body == "mine as well");
  CHECK(mounted.ask("GET /nothing", "").body.empty());
  CHECK(mounted.ask("GET /healthy", "").body.empty());
  CHECK(mounted.ask("GET /operator/nothing").body.find("not_found") != std::string::npos);
}

TEST_CASE("the API sees target, headers and method as they came") {
  Mounted mounted;
  mounted.start();
  SUBCASE("the target undecoded") {
    const Answer answer = mounted.ask("GET /operator/session/a%20b?x=%2F");
    CHECK(answer.status == 404);
    CHECK(answer.body.find(R"("session_id":"a b")") != std::string::npos);
  }
  SUBCASE("every header of a name") {
    CHECK(mounted.ask("GET /operator/status", "x-vx11-token: secret\r\nX-VX11-Token: other\r\n")
              .status == 403);
  }
  SUBCASE("HEAD gets the head of GET") {
    RawHttpClient client(mounted.port);
    client.send(Mounted::request("HEAD /health", "Connection: close\r\n"));
    const std::string answer = client.read_all();
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK(answer.ends_with("\r\n\r\n"));
    const Answer got = mounted.ask("GET /health", "");
    CHECK(answer.find("\r\nContent-Length: " + std::to_string(got.body.size()) + "\r\n") !=
          std::string::npos);
    CHECK(count(answer, "Content-Length") == 1);
    CHECK(RawHttpClient::has(answer, "content-type: application/json"));
  }
  SUBCASE("a wrong method is ours to refuse") {
    for (const std::string method : {"PUT", "PATCH", "DELETE", "POST"}) {
      CAPTURE(method);
      const Answer answer = mounted.ask(method + " /operator/status");
      CHECK(answer.status == 405);
      CHECK(RawHttpClient::has(answer.head, "allow: get"));
    }
    CHECK(mounted.ask("OPTIONS /operator/status").status == 204);
  }
  SUBCASE("an endpoint is not sent in parts") {
    const Answer whole = mounted.ask("GET /livez", "");
    const Answer answer = mounted.ask("GET /livez", "Range: bytes=0-1\r\n");
    CHECK(answer.status == 200);
    CHECK(answer.body == whole.body);
  }
}

TEST_CASE("a connection serves one request after the other") {
  Mounted mounted;
  vx11::harden(mounted.server);
  mounted.start();
  RawHttpClient client(mounted.port);
  for (int i = 0; i < 20; ++i) {
    client.send(Mounted::request("POST /operator/chat", chat_headers(), kChat));
    CHECK(client.read_answer().status == 200);
    client.send(Mounted::request("GET /operator/status", kToken));
    CHECK(client.read_answer().status == 200);
    client.send(Mounted::request("POST /operator/power/window/close",
                                 std::string(kToken).append("Content-Length: 0\r\n")));
    CHECK(client.read_answer().status == 200);
  }
}

TEST_CASE("a refusal does not wait for the body, and the connection ends with it") {
  Mounted mounted(1000);
  mounted.start();
  const auto refused = [&](std::string_view headers) {
    RawHttpClient client(mounted.port);
    client.send(Mounted::request("POST /operator/chat/ask", headers));
    const Answer answer = client.read_answer();
    CHECK(RawHttpClient::has(answer.head, "connection: close"));
    client.end_sending();
    CHECK(client.is_ended());
    return answer;
  };
  const std::string json(kJson);
  const std::string token(kToken);
  CHECK(refused(json + "Content-Length: 900\r\n").status == 401);
  CHECK(refused(json + "Content-Length: 900000000000\r\n").status == 401);
  CHECK(refused(json + "Transfer-Encoding: chunked\r\n").status == 401);
  CHECK(refused(json + "x-vx11-token: wrong\r\nContent-Length: 900\r\n").status == 403);
  CHECK(refused(token + json + "Content-Length: 1001\r\n").status == 413);
  CHECK(refused(token + "Content-Type: text/plain\r\nContent-Length: 9\r\n").status == 415);
}

TEST_CASE("a refusal arrives although a large body is on its way") {
  Mounted mounted;
  mounted.start();
  const Answer answer =
      mounted.ask("POST /operator/chat/ask", kJson, std::string(4 * 1024 * 1024, 'b'));
  if (vx11::detail::kReaderOutlivesHandler) CHECK(answer.status == 401);
  CHECK(mounted.ask("GET /health", "").status == 200);
}

TEST_CASE("a body above the limit is not taken in, declared or not") {
  Mounted mounted(1000);
  mounted.start();
  const std::string body = R"({"message":")" + std::string(2000, 'm') + "\"}";
  CHECK(mounted.ask("POST /operator/chat/ask", chat_headers(), body).status == 413);

  RawHttpClient client(mounted.port);
  client.send(Mounted::request("POST /operator/chat/ask",
                               chat_headers() + "Transfer-Encoding: chunked\r\n"));
  for (int i = 0; i < 20; ++i) client.send("64\r\n" + std::string(100, 'b') + "\r\n");
  CHECK(client.read_answer().status == 413);
}

TEST_CASE("a body in chunks is understood") {
  Mounted mounted;
  mounted.start();
  RawHttpClient client(mounted.port);
  client.send(Mounted::request("POST /operator/chat/ask",
                               chat_headers() + "Transfer-Encoding: chunked\r\n") +
              "5\r\n{\"mes\r\ne\r\nsage\":\"hello\"}\r\n0\r\n\r\n");
  CHECK(client.read_answer().status == 200);
}

TEST_CASE("a form is no JSON") {
  Mounted mounted;
  mounted.start();
  const std::string_view form =
      "--b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nhi\r\n--b--\r\n";
  const std::string headers =
      std::string(kToken).append("Content-Type: multipart/form-data; boundary=b\r\n");
  CHECK(mounted.ask("POST /operator/chat/ask", headers, form).status == 415);
  CHECK(mounted.ask("POST /operator/power/service/hermes/start", headers, form).status == 415);
}

TEST_CASE("what is left of a request is never taken for another") {
  Mounted mounted(100'000);
  mounted.start();
  const std::string body = smuggled();
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string token(kToken);
  const std::string token_json = chat_headers();
  const auto nothing_of = [&](std::string_view line, const std::string& headers,
                              const std::string& rest) {
    CAPTURE(line);
    CAPTURE(headers);
    const std::string answers = all_answers(mounted, Mounted::request(line, headers) + rest);
    const int hits = mounted.hits.exchange(0);
    // Some versions of cpp-httplib refuse some of these themselves, before they ask any handler.
    const std::string head = answers.substr(0, answers.find("\r\n\r\n"));
    const bool ours = RawHttpClient::has(head, "/json") || RawHttpClient::has(head, "allow:");
    if (vx11::detail::kHttplibVersion < 12'000) CHECK(ours);
    if (!ours) return;
    CHECK(count(answers, "HTTP/1.1 ") <= 2);
    CHECK(hits == 0);
  };

  SUBCASE("of a body that was refused") {
    nothing_of("POST /operator/chat/ask", length, body);
    nothing_of("POST /operator/chat/ask", token + length, body);
    nothing_of("POST /operator/nothing", token + length, body);
    nothing_of("PUT /operator/status", token + length, body);
    nothing_of("PATCH /health", length, body);
    nothing_of("DELETE /operator/session/x", token + length, body);
    nothing_of("POST /operator/chat/ask", token_json + "Content-Length: 100001\r\n", body);
  }
  SUBCASE("of an unexpected body") {
    for (const std::string method : {"GET", "HEAD", "OPTIONS"}) {
      nothing_of(method + " /health", length, body);
      nothing_of(method + " /operator/status", token + length, body);
    }
  }
  SUBCASE("of a body with an ambiguous length") {
    for (const std::string& framing :
         {length + "Content-Length: 0\r\n", "Content-Length: 0\r\n" + length, length + chunked,
          "Content-Length: 0\r\n" + chunked, std::string("Content-Length: 0x10000\r\n"),
          std::string("Content-Length: +0\r\n"), std::string("Content-Length: 0, 65536\r\n"),
          std::string("Transfer-Encoding: chunked, identity\r\n"),
          std::string("Transfer-Encoding: x\r\n"), chunked + chunked,
          std::string("Content-Length : 65536\r\n")}) {
      nothing_of("POST /operator/chat/ask", token_json + framing, body);
      nothing_of("GET /health", framing, body);
      nothing_of("HEAD /health", framing, body);
    }
  }
  SUBCASE("of chunks that do not fit together") {
    nothing_of("POST /operator/chat/ask", token_json + chunked, "1\r\n{" + body);
    nothing_of("POST /operator/chat/ask", token_json + chunked, "zz\r\n" + body);
    nothing_of("DELETE /operator/status", token + chunked, "10000\r\n" + body + "\r\n0\r\n\r\n");
    nothing_of("GET /health", chunked, "10000\r\n" + body + "\r\n0\r\n\r\n");
    nothing_of("GET /health", chunked, "1\r\n{" + body);
  }
  SUBCASE("of a request of HTTP/1.0 that wants to go on") {
    const std::string head = "POST /operator/chat/ask HTTP/1.0\r\nConnection: Keep-Alive\r\n";
    const std::string answers = all_answers(mounted, head + length + "\r\n" + body);
    CHECK(answers.starts_with("HTTP/1.1 401 "));
    CHECK(answers.ends_with(R"({"error":"auth_required","status_code":401})"));
    CHECK(mounted.hits == 0);
  }
}

TEST_CASE("nor if the server has an error handler of its own") {
  Mounted mounted;
  mounted.server.set_error_handler([](const httplib::Request&, httplib::Response& response) {
    response.set_content("<p>oops</p>", "text/html");
  });
  mounted.start();
  const std::string body = smuggled();
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  const std::string answers =
      all_answers(mounted, Mounted::request("POST /operator/chat/ask", length) + body);
  CHECK(answers.starts_with("HTTP/1.1 401 "));
  CHECK(answers.find("<p>oops</p>") != std::string::npos);
  CHECK(count(answers, "HTTP/1.1 ") <= 2);
  CHECK(mounted.hits == 0);
}

TEST_CASE("a path as long as the server allows is answered") {
  Mounted mounted;
  mounted.start();
  CHECK(mounted.ask("GET /operator/session/" + std::string(1000, 'a')).status == 404);
  CHECK(mounted.ask("GET /operator/session/" + std::string(8000, 'a')).status == 404);
  CHECK(mounted.ask("GET /health").status == 200);
}

TEST_CASE("many ask at once") {
  Mounted mounted;
  mounted.start();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 20; ++k) {
          good += mounted.ask("POST /operator/chat", chat_headers(), kChat).status == 200;
          good += mounted.ask("POST /operator/chat", kJson, kChat).status == 401;
        }
      });
    }
  }
  CHECK(good == 240);
}

TEST_CASE("the API outlives the one that was mounted") {
  httplib::Server server;
  {
    const vx11::OperatorApi api = make_api(1000);
    vx11::mount(server, api);
  }
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread thread([&] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();
  RawHttpClient client(port);
  client.send(Mounted::request("GET /health", ""));
  CHECK(client.read_answer().status == 200);
  server.stop();
  thread.join();
}

TEST_CASE("a hardened server does not share its port and enforces its limits") {
  Mounted mounted;
  mounted.server.Post("/mine", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(std::to_string(request.body.size()), "text/plain");
  });
  vx11::harden(mounted.server, {.threads = 2, .max_body_bytes = 1000});
  mounted.start();
  httplib::Server second;
  vx11::harden(second);
  CHECK_FALSE(second.bind_to_port("127.0.0.1", mounted.port));
  CHECK(mounted.ask("POST /mine", "", std::string(1000, 'b')).body == "1000");
  CHECK(mounted.ask("POST /mine", "", std::string(1001, 'b')).status == 413);
}
