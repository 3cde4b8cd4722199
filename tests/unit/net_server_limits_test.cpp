// What the event-driven server refuses, and its limits per client.

#include <vx11/http_answer_fields.hpp>
#include <vx11/http_problem.hpp>
#include <vx11/http_request_log.hpp>
#include <vx11/replaceable_handler.hpp>

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "net_served.hpp"

using namespace net_served;

namespace {

/// A server behind all that the gateway puts around its APIs, and the lines of its log.
struct Wrapped : Served {
  Wrapped() {
    serve.limits.head_bytes = 1024;
    serve.limits.head_timeout = 50ms;
    serve.limits.body_timeout = 50ms;
  }
  ~Wrapped() {
    server->stop(0s);
    running->wait();
    running.reset();  // before the handler
  }

  RawHttpClient connect() {
    if (running) return Served::connect();
    options.max_body_bytes = 1000;
    std::shared_ptr<vx11::HttpHandler> made = std::make_shared<vx11::OperatorApi>(api());
    made = vx11::make_problem_details(std::move(made)).value();
    made = vx11::make_answer_fields(std::move(made), {.hsts_max_age = 60s}).value();
    const auto note = [this](const vx11::RequestRecord& record) {
      const std::lock_guard lock(mutex);
      lines.push_back(json::parse(to_json_line(record)));
      noted.notify_all();
    };
    made = vx11::make_request_log(std::move(made), {.sink = note}).value();
    handler.emplace(std::move(made));
    start(*handler);
    return Served::connect();
  }
  Answer refused(const std::string& request) {
    RawHttpClient client = connect();
    client.send(request);
    return client.read_answer();
  }
  json last_line() {
    std::unique_lock lock(mutex);
    REQUIRE(noted.wait_for(lock, 10s, [this] { return !lines.empty(); }));
    return lines.back();
  }

  std::mutex mutex;
  std::condition_variable noted;
  std::vector<json> lines;  ///< Guarded by `mutex`.
  std::optional<vx11::ReplaceableHandler> handler;
};

bool has(const Answer& answer, const std::string& field) {
  return answer.head.find("\r\n" + field + "\r\n") != std::string::npos;
}

}  // namespace

TEST_CASE_FIXTURE(Wrapped,
                  "what the server refuses itself has the fields and the log line of all") {
  struct Case {
    std::string request;
    int status;
    std::string word;
    std::string route;
  };
  const std::string id = "X-Request-Id: r-1\r\n";
  const std::string begun = "POST /operator/chat/ask HTTP/1.1\r\n" + kHost + id + kAuth + kJson;
  const std::string chat = "/operator/chat/ask";
  const Case cases[] = {
      {"GET /livez HTTP/1.1\r\n" + id + "no colon\r\n\r\n", 400, "bad_request", "/livez"},
      {"GET /livez HTTP/1.1\r\n" + id + "Host:", 408, "request_timeout", "/livez"},
      {begun + "Content-Length: 10\r\n\r\n{", 408, "request_timeout", chat},
      {begun + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", 413, "payload_too_large", chat},
      {begun + "Expect: tea\r\nContent-Length: 10\r\n\r\n", 417, "expectation_failed", chat},
      {begun + "X: " + std::string(1024, 'x') + "\r\n\r\n", 431, "request_header_fields_too_large",
       chat},
  };
  for (const Case& refusal : cases) {
    CAPTURE(refusal.status);
    const Answer answer = refused(refusal.request);
    CHECK(answer.status == refusal.status);
    CHECK(json::parse(answer.body).at("error") == refusal.word);
    for (const char* field :
         {"X-Request-Id: r-1", "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
          "Referrer-Policy: no-referrer", "Strict-Transport-Security: max-age=60"}) {
      CAPTURE(field);
      CHECK(has(answer, field));
    }
    const json line = last_line();
    CHECK(line.at("status") == refusal.status);
    CHECK(line.at("error") == refusal.word);
    CHECK(line.at("route") == refusal.route);
    CHECK(line.at("request_id") == "r-1");
    CHECK(line.at("peer") == "127.0.0.1");
    CHECK(lines.size() == static_cast<std::size_t>(&refusal - cases) + 1);
  }
}

TEST_CASE_FIXTURE(Wrapped, "what is no request has an id of the server's, and a line without it") {
  const Answer answer = refused("\x16\x03\x01 not HTTP\r\n\r\n");
  CHECK(answer.status == 400);
  CHECK(answer.head.find("\r\nX-Request-Id: req_") != std::string::npos);
  const json line = last_line();
  CHECK(line.at("request_id").get<std::string>().starts_with("req_"));
  CHECK_FALSE(line.contains("method"));
  CHECK_FALSE(line.contains("route"));
}

TEST_CASE_FIXTURE(Wrapped, "a refusal of the server is a problem to a client that prefers these") {
  const Answer answer = refused("POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kAuth + kJson +
                                "Accept: application/problem+json\r\nX-Request-Id: r-1\r\n" +
                                "Transfer-Encoding: chunked\r\n\r\n3e9\r\n");
  CHECK(answer.status == 413);
  CHECK(has(answer, "Content-Type: application/problem+json"));
  const json problem = json::parse(answer.body);
  CHECK(problem.at("status") == 413);
  CHECK(problem.at("detail") == "request body too large");
  CHECK(problem.at("instance") == "urn:vx11:request:r-1");
}

TEST_CASE_FIXTURE(Wrapped, "a connection that is turned away has an id and a line") {
  serve.limits.connections = 1;
  serve.limits.reserved_connections = 0;
  RawHttpClient kept = connect();
  REQUIRE(kept.send(getting("/livez")));
  REQUIRE(kept.read_answer().status == 200);
  const Answer answer = connect().read_answer();
  CHECK(answer.status == 503);
  CHECK(answer.head.find("\r\nX-Request-Id: req_") != std::string::npos);
  CHECK(has(answer, "Retry-After: 1"));
  const json line = last_line();
  CHECK(line.at("error") == "service_unavailable");
  CHECK_FALSE(line.contains("method"));
  CHECK(line.at("peer") == "127.0.0.1");
}

TEST_CASE_FIXTURE(Served, "a refusal of the server has an id and no-store without any decorator") {
  const Answer answer = ask("GET /livez HTTP/1.1\r\nX-Correlation-Id: c-1\r\nno colon\r\n\r\n");
  CHECK(answer.status == 400);
  CHECK(has(answer, "X-Request-Id: c-1"));
  CHECK(has(answer, "Cache-Control: no-store"));
}

TEST_CASE_FIXTURE(Served, "without a credential the body is not waited for") {
  CHECK(last_status("POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kJson +
                    "Content-Length: 1000\r\n\r\n") == 401);
  CHECK(last_status("POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kJson +
                    "Transfer-Encoding: chunked\r\n\r\n") == 401);
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Served, "a body that is not needed is not waited for") {
  const std::string begin = "POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kAuth;
  const std::string length = "Content-Length: 1000\r\n\r\n";
  CHECK(last_status(begin + kJson + "Content-Encoding: gzip\r\n" + length) == 415);
  CHECK(last_status(begin + "Content-Type: text/plain\r\n" + length) == 415);
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Served, "a request hidden in the body of a refused one is never answered") {
  RawHttpClient client = connect();
  client.send(asking(getting("/livez", ""), kJson) + getting("/livez", ""));
  const std::string all = client.read_all();
  CHECK(all.starts_with("HTTP/1.1 401 "));
  CHECK(all.find("HTTP/1.1", 1) == std::string::npos);
}

TEST_CASE_FIXTURE(Served, "Expect: 100-continue is answered when the body is wanted") {
  RawHttpClient client = connect();
  client.send("POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kAuth + kJson +
              "Expect: 100-continue\r\nContent-Length: " + std::to_string(kHello.size()) +
              "\r\n\r\n");
  CHECK(client.read_interim() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(kHello);
  CHECK(client.read_answer().status == 200);
}

TEST_CASE_FIXTURE(Served, "Expect: 100-continue gets the refusal when the body is not wanted") {
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

TEST_CASE_FIXTURE(Served, "a client that reads only after it sent 8 MiB gets the 413") {
  RawHttpClient client = connect();
  CHECK(client.send(asking(std::string(8 * 1024 * 1024, ' '))));
  CHECK(client.read_answer().status == 413);
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
  serve.limits.head_timeout = 100ms;
  CHECK(last_status("GET /livez HTTP/1.1\r\nHost:") == 408);
}

TEST_CASE_FIXTURE(Served, "a body that never ends is 408") {
  serve.limits.body_timeout = 100ms;
  CHECK(last_status("POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kAuth + kJson +
                    "Content-Length: 10\r\n\r\n{") == 408);
  CHECK(last_status(chunked("5\r\n{")) == 408);
}

TEST_CASE_FIXTURE(Served, "a head or a body that trickles is 408 all the same") {
  std::string request;
  SUBCASE("a head") {
    serve.limits.head_timeout = 100ms;
    request = "GET /livez HTTP/1.1\r\nX: ";
  }
  SUBCASE("a body") {
    serve.limits.body_timeout = 100ms;
    request = "POST /operator/chat/ask HTTP/1.1\r\n" + kHost + kAuth + kJson +
              "Content-Length: 100000\r\n\r\n";
  }
  RawHttpClient client = connect();
  client.send(request);
  const std::jthread trickler([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      client.send("x");
      std::this_thread::sleep_for(5ms);
    }
  });
  CHECK(client.read_answer().status == 408);
}

TEST_CASE_FIXTURE(Served, "an idle connection is closed without an answer") {
  serve.limits.idle_timeout = serve.limits.first_byte_timeout = 100ms;
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
  // The place is free again once the server has noticed the first disconnect.
  int status = 503;
  for (int tries = 0; status != 200 && tries < 10'000; ++tries) {
    RawHttpClient client = connect();
    client.send(getting("/livez", ""));
    status = client.read_answer().status;
  }
  CHECK(status == 200);
}

TEST_CASE_FIXTURE(Served, "the limit for one address leaves room for others") {
  serve.limits.connections_per_address = 1;
  RawHttpClient first = connect();
  first.send(getting("/livez", ""));
  CHECK(first.read_answer().status == 200);
  RawHttpClient other(server->port(), "127.0.0.2");
  other.send(getting("/livez", ""));
  CHECK(other.read_answer().status == 200);
  CHECK(RawHttpClient(server->port(), "127.0.0.2").read_answer().status == 503);
}
