// What the event-driven server refuses, and its limits per client.

#include <stop_token>
#include <string>
#include <thread>

#include "net_served.hpp"

using namespace net_served;

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
