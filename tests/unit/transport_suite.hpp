#pragma once

/// \file
/// What every `Transport` over HTTP does, as one suite.
///
/// A transport's own test calls `transport_suite` with a function that makes one with the given
/// settings.

#include <vx11/transport.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "fake_http_server.hpp"

namespace transport_suite_parts {

using namespace std::chrono_literals;
using fake_http_server::answer_of;
using fake_http_server::FakeHttpServer;
using fake_http_server::Peer;
using fake_http_server::Script;
using vx11::Deadline;
using vx11::Duration;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::Result;
using vx11::SteadyClock;
using vx11::Transport;

/// What a transport under test is to be told.
struct TransportSettings {
  Duration connect_limit = 5s;
  std::size_t max_response_bytes = 1 << 20;
};

using MakeTransport = std::function<std::shared_ptr<Transport>(const TransportSettings&)>;

/// Far beyond what anything here takes, far below what a test that hangs may take.
constexpr Duration kSoon = 10s;

inline Deadline in(Duration limit, std::stop_token stop = {}) {
  return Deadline::after(SteadyClock().now(), limit, std::move(stop));
}

inline Result<HttpResponse> send(Transport& transport, const HttpRequest& request,
                                 Deadline deadline = in(kSoon)) {
  return vx11::sync_wait(transport.send(request, std::move(deadline)));
}

inline Result<HttpResponse> get(Transport& transport, const std::string& origin,
                                Deadline deadline = in(kSoon)) {
  return send(transport, HttpRequest("GET", origin, "/"), std::move(deadline));
}

inline HttpRequest post(const std::string& origin, std::string body) {
  HttpRequest request("POST", origin, "/");
  request.body = std::move(body);
  return request;
}

/// The code of a failure; none if there was an answer.
inline std::optional<Errc> code_of(const Result<HttpResponse>& answer) {
  if (answer) return std::nullopt;
  CHECK_FALSE(answer.error().detail.empty());
  return answer.error().code;
}

/// How `transport` takes an answer of exactly these bytes, after which the server hangs up.
inline std::optional<Errc> code_for(Transport& transport, const std::string& bytes) {
  FakeHttpServer server(Script([&](Peer& peer) {
    peer.read_request();
    peer.send(bytes);
  }));
  return code_of(get(transport, server.origin()));
}

/// How it takes a server that does this after it has read the request, within a short deadline.
inline std::optional<Errc> code_within(Transport& transport, Duration limit, Script then) {
  FakeHttpServer server(Script([&](Peer& peer) {
    peer.read_request();
    then(peer);
  }));
  return code_of(get(transport, server.origin(), in(limit)));
}

inline void sends_what_it_is_told(const MakeTransport& make) {
  const auto transport = make({});

  SUBCASE("a request arrives whole and its answer comes back whole") {
    FakeHttpServer server(answer_of("{\"a\":1}", "201 Created", "X-One: 1\r\nx-two: 2\r\n"));
    HttpRequest request("POST", server.origin(), "/path/x?q=a%20b&q=+c&&d");
    request.headers.add("x-vx11-token", "100% secret; \"quoted\"");
    request.headers.add("Content-Type", "application/json");
    request.headers.add("X-Twice", "first");
    request.headers.add("X-Twice", "second");
    request.body = std::string("{\"n\":\0}", 7);
    const auto answer = send(*transport, request);
    REQUIRE(answer);
    CHECK(answer->status == 201);
    CHECK(answer->body == "{\"a\":1}");
    CHECK(answer->headers.get("x-one") == "1");
    CHECK(answer->headers.get("X-Two") == "2");

    REQUIRE(server.requests().size() == 1);
    const std::string raw = server.requests().front();
    const auto has = [&](std::string_view text) { return raw.find(text) != raw.npos; };
    CHECK(raw.starts_with("POST /path/x?q=a%20b&q=+c&&d HTTP/1.1\r\n"));
    CHECK(has("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
    CHECK(has("\r\nx-vx11-token: 100% secret; \"quoted\"\r\n"));
    CHECK(has("\r\nContent-Type: application/json\r\n"));
    CHECK(has("\r\nContent-Length: 7\r\n"));
    CHECK(has("\r\nUser-Agent: "));
    CHECK_FALSE(has("gzip"));
    CHECK_FALSE(has("chunked"));
    CHECK_FALSE(has("100-continue"));
    CHECK(raw.find("X-Twice: first") < raw.find("X-Twice: second"));
    CHECK(raw.ends_with(std::string("\r\n\r\n{\"n\":\0}", 11)));
  }
  SUBCASE("a GET has no body and says nothing of one, a POST always says how long") {
    FakeHttpServer server(answer_of(""));
    CHECK(get(*transport, server.origin()));
    CHECK(send(*transport, post(server.origin(), "")));
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[0].find("Content-Length") == std::string::npos);
    CHECK(server.requests()[1].find("\r\nContent-Length: 0\r\n") != std::string::npos);
  }
  SUBCASE("framing is the transport's, whatever the headers of the request say") {
    FakeHttpServer server(answer_of(""));
    HttpRequest request = post(server.origin(), "GET /smuggled HTTP/1.1\r\n\r\n");
    request.headers.add("Content-Length", "0");
    request.headers.add("transfer-encoding", "chunked");
    CHECK(send(*transport, request));
    REQUIRE(server.requests().size() == 1);
    CHECK(server.requests()[0].find("Content-Length: 26\r\n") != std::string::npos);
    CHECK(server.requests()[0].find("chunked") == std::string::npos);
  }
  SUBCASE("a body of a megabyte arrives") {
    FakeHttpServer server(answer_of("ok"));
    const std::string body(1 << 20, 'b');
    CHECK(send(*transport, post(server.origin(), body)));
    CHECK(server.requests().front().ends_with("\r\n\r\n" + body));
  }
  SUBCASE("what HTTP cannot say is refused and never sent") {
    FakeHttpServer server(answer_of(""));
    std::vector<HttpRequest> bad(7, HttpRequest("GET", server.origin(), "/"));
    bad[0].target = "/a b";
    bad[1].target = "/\r\nX: y";
    bad[2].target = "no-slash";
    bad[3].method = "GET /";
    bad[4].headers.add("X", "a\r\nY: b");
    bad[5].headers.add("X: y", "a");
    bad[6].headers.add("X", std::string("a\0b", 3));
    for (const HttpRequest& request : bad) {
      CHECK(code_of(send(*transport, request)) == Errc::invalid_argument);
    }
    for (const std::string origin :
         {"", "127.0.0.1", "ftp://127.0.0.1", "http://", "http://:80", "http://h:0x50",
          "http://h:99999", "http://u@h", "http://h/path", "http://[::1", "http://::1",
          "http://h\r\nX: y"}) {
      CAPTURE(origin);
      CHECK(code_of(get(*transport, origin)) == Errc::invalid_argument);
    }
    CHECK(server.connections() == 0);
  }
}

inline void understands_answers(const MakeTransport& make) {
  const auto transport = make({});

  SUBCASE("every status is an answer, and redirects are not followed") {
    FakeHttpServer elsewhere(answer_of("elsewhere"));
    for (const std::string status : {"200 OK", "302 Found", "307 Temporary Redirect",
                                     "404 Not Found", "429 Too Many Requests", "500 Oops", "503"}) {
      CAPTURE(status);
      FakeHttpServer server(
          answer_of("b", status, "Location: " + elsewhere.origin() + "/\r\nRetry-After: 7\r\n"));
      const auto answer = get(*transport, server.origin());
      REQUIRE(answer);
      CHECK(answer->status == std::stoi(status));
      CHECK(answer->headers.get("retry-after") == "7");
      CHECK(answer->body == "b");
    }
    CHECK(elsewhere.connections() == 0);
  }
  SUBCASE("a chunked body is put together") {
    FakeHttpServer server(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n");
    for (int i = 0; i < 2; ++i) {
      const auto answer = get(*transport, server.origin());
      REQUIRE(answer);
      CHECK(answer->body == "hello world");
    }
    CHECK(server.connections() == 1);
  }
  SUBCASE("a body without a length ends with the connection") {
    FakeHttpServer server(Script([](Peer& peer) {
      peer.read_request();
      peer.send("HTTP/1.0 200 OK\r\n\r\nuntil the end");
    }));
    for (int i = 0; i < 2; ++i) {
      const auto answer = get(*transport, server.origin());
      REQUIRE(answer);
      CHECK(answer->body == "until the end");
    }
    CHECK(server.connections() == 2);
  }
  SUBCASE("answers without a body are not waited for") {
    FakeHttpServer no_content("HTTP/1.1 204 No Content\r\n\r\n");
    FakeHttpServer not_modified("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
    FakeHttpServer head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    for (int i = 0; i < 2; ++i) {
      CHECK(get(*transport, no_content.origin())->status == 204);
      CHECK(get(*transport, not_modified.origin())->status == 304);
      const auto answer = send(*transport, HttpRequest("HEAD", head.origin(), "/"));
      REQUIRE(answer);
      CHECK(answer->headers.get("Content-Length") == "5");
      CHECK(answer->body.empty());
    }
    CHECK(no_content.connections() == 1);
    CHECK(not_modified.connections() == 1);
    CHECK(head.connections() == 1);
  }
  SUBCASE("an interim answer is passed over") {
    FakeHttpServer server("HTTP/1.1 100 Continue\r\n\r\n" + answer_of("final"));
    const auto answer = get(*transport, server.origin());
    REQUIRE(answer);
    CHECK(answer->body == "final");
  }
  SUBCASE("an answer that arrives byte by byte is put together") {
    FakeHttpServer server(Script([](Peer& peer) {
      peer.read_request();
      const std::string answer = answer_of("slowly");
      for (const char byte : answer) peer.send(std::string_view(&byte, 1));
    }));
    CHECK(get(*transport, server.origin())->body == "slowly");
  }
  SUBCASE("an answer that comes before the request was read is read") {
    FakeHttpServer server(Script([](Peer& peer) {
      peer.send(answer_of("no", "413 Too Large", "Connection: close\r\n"));
      peer.hang();
    }));
    const auto answer = send(*transport, post(server.origin(), std::string(1 << 20, 'b')));
    REQUIRE(answer);
    CHECK(answer->status == 413);
  }
}

inline void distrusts_answers(const MakeTransport& make) {
  const auto transport = make({.max_response_bytes = 1000});

  SUBCASE("an answer that is cut short is no answer") {
    const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
    for (std::size_t size = 1; size < whole.size(); ++size) {
      CAPTURE(size);
      CHECK(code_for(*transport, whole.substr(0, size)) == Errc::invalid_reply);
    }
    const std::string chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (std::size_t size = chunked.find("\r\n\r\n") + 4; size < chunked.size(); ++size) {
      CAPTURE(size);
      CHECK(code_for(*transport, chunked.substr(0, size)) == Errc::invalid_reply);
    }
  }
  SUBCASE("a reset in the middle of an answer is no answer") {
    const auto code = code_within(*transport, kSoon, [](Peer& peer) {
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
      peer.reset();
    });
    // What had arrived may be lost with the connection.
    CHECK((code == Errc::invalid_reply || code == Errc::unreachable));
  }
  SUBCASE("an answer that contradicts itself is no answer") {
    const std::string head = "HTTP/1.1 200 OK\r\n";
    for (const std::string lengths :
         {"Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: 2, 3\r\n",
          "Content-Length: -1\r\n", "Content-Length: +2\r\n", "Content-Length: 2x\r\n",
          "Content-Length: two\r\n", "Content-Length: 99999999999999999999\r\n",
          "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"}) {
      CAPTURE(lengths);
      CHECK(code_for(*transport, head + lengths + "\r\n2\r\nab\r\n0\r\n\r\n") ==
            Errc::invalid_reply);
    }
    CHECK(
        code_for(*transport, head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n") ==
        Errc::invalid_reply);
    CHECK(code_for(*transport, head + "Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n\r\n") ==
          Errc::invalid_reply);
  }
  SUBCASE("what is not HTTP/1.1 is no answer") {
    for (const std::string bytes :
         {"\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 two OK\r\n\r\n",
          "HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n",
          "<html></html>\r\n\r\n"}) {
      CAPTURE(bytes);
      CHECK(code_for(*transport, bytes) == Errc::invalid_reply);
    }
  }
  SUBCASE("a body above the limit is not read, however it says so") {
    CHECK_FALSE(code_for(*transport, answer_of(std::string(1000, 'b'))));
    CHECK(code_for(*transport, answer_of(std::string(1001, 'b'))) == Errc::too_large);
    CHECK(code_for(*transport, "HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\n") ==
          Errc::too_large);
    CHECK(code_for(*transport, "HTTP/1.0 200 OK\r\n\r\n" + std::string(1001, 'b')) ==
          Errc::too_large);
    CHECK(code_within(*transport, kSoon, [](Peer& peer) {
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (peer.send("8\r\nabcdefgh\r\n")) {
            }
          }) == Errc::too_large);
  }
  SUBCASE("a chunk's extension above the limit is not read either") {
    const auto code = code_within(*transport, kSoon, [](Peer& peer) {
      peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
      while (peer.send(std::string(4096, 'x'))) {
      }
    });
    CHECK((code == Errc::too_large || code == Errc::invalid_reply));
  }
  SUBCASE("a head without end is not read to its end") {
    for (const std::string line : {"X-Header: value\r\n", "X", "HTTP/1.1 200 OK"}) {
      CAPTURE(line);
      const auto code = code_within(*transport, kSoon, [&](Peer& peer) {
        peer.send("HTTP/1.1 200 OK\r\n");
        while (peer.send(line)) {
        }
      });
      CHECK((code == Errc::too_large || code == Errc::invalid_reply));
    }
    const auto code = code_within(*transport, kSoon, [&](Peer& peer) {
      peer.send("HTTP/1.1 200 ");
      while (peer.send("so very fine ")) {
      }
    });
    CHECK((code == Errc::too_large || code == Errc::invalid_reply));
  }
}

inline void fails_in_time(const MakeTransport& make) {
  const auto transport = make({});

  SUBCASE("nobody listens: unreachable") {
    const fake_http_server::LocalSocket nobody;
    CHECK(code_of(get(*transport, nobody.origin())) == Errc::unreachable);
  }
  SUBCASE("the name does not exist: unreachable") {
    const auto code = code_of(get(*transport, "http://no-such-name.invalid"));
    CHECK((code == Errc::unreachable || code == Errc::timeout));
  }
  SUBCASE("connecting hangs: timeout, by the limit for connecting alone") {
    const fake_http_server::SilentPort port;
    const auto hasty = make({.connect_limit = 100ms});
    const auto start = SteadyClock().now();
    CHECK(code_of(get(*hasty, port.origin(), {})) == Errc::timeout);
    CHECK(SteadyClock().now() - start < kSoon);
  }
  SUBCASE("hung up without an answer: unreachable") {
    CHECK(code_for(*transport, "") == Errc::unreachable);
    CHECK(code_within(*transport, kSoon, [](Peer& peer) { peer.reset(); }) == Errc::unreachable);
    FakeHttpServer closes_at_once(Script([](Peer&) {}));
    CHECK(code_of(get(*transport, closes_at_once.origin())) == Errc::unreachable);
  }
  SUBCASE("the deadline ends it, whatever the server does") {
    const std::vector<std::pair<std::string, Script>> dawdlers = {
        {"never answers", [](Peer& peer) { peer.hang(); }},
        {"trickles the status line",
         [](Peer& peer) { peer.trickle("HTTP/1.1 200 " + std::string(4000, 'O')); }},
        {"trickles headers",
         [](Peer& peer) {
           peer.send("HTTP/1.1 200 OK\r\n");
           peer.trickle("X: y\r\n");
         }},
        {"stops after the head",
         [](Peer& peer) {
           peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
           peer.hang();
         }},
        {"trickles the body",
         [](Peer& peer) {
           peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
           peer.trickle("b");
         }},
        {"trickles chunks",
         [](Peer& peer) {
           peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
           peer.trickle("1\r\nb\r\n");
         }},
        {"trickles interim answers",
         [](Peer& peer) { peer.trickle("HTTP/1.1 100 Continue\r\n\r\n"); }},
        {"trickles a body without a length", [](Peer& peer) {
           peer.send("HTTP/1.1 200 OK\r\n\r\n");
           peer.trickle("b");
         }}};
    for (const auto& [what, script] : dawdlers) {
      CAPTURE(what);
      const auto start = SteadyClock().now();
      CHECK(code_within(*transport, 150ms, script) == Errc::timeout);
      CHECK(SteadyClock().now() - start < kSoon);
    }
  }
  SUBCASE("the deadline ends a request that the server does not read") {
    FakeHttpServer server(Script([](Peer& peer) { peer.ignore(); }));
    const HttpRequest request = post(server.origin(), std::string(16 << 20, 'b'));
    CHECK(code_of(send(*transport, request, in(150ms))) == Errc::timeout);
  }
  SUBCASE("a deadline that has passed sends nothing") {
    FakeHttpServer server(answer_of(""));
    CHECK(code_of(get(*transport, server.origin(), in(0s))) == Errc::timeout);
    CHECK(server.connections() == 0);
  }
}

inline void stops_when_told(const MakeTransport& make) {
  const auto transport = make({});
  std::stop_source stop;

  SUBCASE("a caller who has gone sends nothing") {
    FakeHttpServer server(answer_of(""));
    stop.request_stop();
    CHECK(code_of(get(*transport, server.origin(), in(kSoon, stop.get_token()))) ==
          Errc::cancelled);
    CHECK(server.connections() == 0);
  }
  SUBCASE("a caller who goes while the server hangs is let go, and the server sees it") {
    std::atomic<bool> left = false;
    {
      FakeHttpServer server(Script([&](Peer& peer) {
        peer.read_request();
        stop.request_stop();
        peer.hang();
        left = true;
      }));
      const Deadline never(vx11::TimePoint::max(), stop.get_token());
      CHECK(code_of(get(*transport, server.origin(), never)) == Errc::cancelled);
    }
    CHECK(left);
  }
  SUBCASE("a caller who goes while the server trickles is let go") {
    FakeHttpServer server(Script([&](Peer& peer) {
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\n");
      stop.request_stop();
      peer.trickle("X: y\r\n");
    }));
    const Deadline never(vx11::TimePoint::max(), stop.get_token());
    CHECK(code_of(get(*transport, server.origin(), never)) == Errc::cancelled);
  }
  SUBCASE("a caller who goes while connecting hangs is let go") {
    const fake_http_server::SilentPort port;
    const auto patient = make({.connect_limit = 60s});
    const std::jthread leaver([&] { stop.request_stop(); });
    const Deadline never(vx11::TimePoint::max(), stop.get_token());
    CHECK(code_of(get(*patient, port.origin(), never)) == Errc::cancelled);
  }
}

inline void keeps_connections(const MakeTransport& make) {
  const auto transport = make({});

  SUBCASE("requests one after the other share a connection") {
    FakeHttpServer server(answer_of("ok"));
    for (int i = 0; i < 20; ++i) CHECK(get(*transport, server.origin()));
    CHECK(send(*transport, post(server.origin(), "b")));
    CHECK(server.connections() == 1);
    CHECK(server.requests().size() == 21);
  }
  SUBCASE("requests side by side have connections of their own") {
    FakeHttpServer server(answer_of("ok"));
    std::atomic<int> answers = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
          for (int k = 0; k < 25; ++k) answers += get(*transport, server.origin()).has_value();
        });
      }
    }
    CHECK(answers == 200);
    CHECK(server.connections() <= 8);
  }
  SUBCASE("a connection that the server announced to close is not used again") {
    FakeHttpServer server(answer_of("ok", "200 OK", "Connection: Keep-Alive, CLOSE\r\n"));
    for (int i = 0; i < 3; ++i) CHECK(get(*transport, server.origin()));
    CHECK(server.connections() == 3);
  }
  SUBCASE("a connection is not used again after an exchange that went wrong") {
    FakeHttpServer server(Script([&](Peer& peer) {
      peer.read_request();
      if (peer.index() == 0) peer.hang();
      peer.send(answer_of("ok"));
      peer.hang();
    }));
    CHECK(code_of(get(*transport, server.origin(), in(100ms))) == Errc::timeout);
    CHECK(get(*transport, server.origin())->body == "ok");
    CHECK(server.connections() == 2);
  }
  SUBCASE("bytes that answer no request are never taken for the next answer") {
    FakeHttpServer server(Script([](Peer& peer) {
      while (!peer.read_request().empty()) {
        peer.send(answer_of("mine") + answer_of("not yours"));
      }
    }));
    for (int i = 0; i < 3; ++i) CHECK(get(*transport, server.origin())->body == "mine");
  }
  SUBCASE("a kept connection that the server has closed is noticed, even for a POST") {
    std::atomic<bool> closed = false;
    FakeHttpServer server(Script([&](Peer& peer) {
      peer.read_request();
      peer.send(answer_of("ok"));
      if (peer.index() == 0) peer.close();
      closed = true;
      closed.notify_all();
      if (peer.index() != 0) peer.hang();
    }));
    CHECK(get(*transport, server.origin()));
    closed.wait(false);
    CHECK(send(*transport, post(server.origin(), "b")));
    CHECK(server.connections() == 2);
  }
  SUBCASE("a GET that a kept connection swallowed is sent once more, a POST is not") {
    FakeHttpServer server(Script([&](Peer& peer) {
      server.next(peer);
      peer.send(answer_of("ok"));
      server.next(peer);  // and hangs up without a word
    }));
    CHECK(get(*transport, server.origin()));
    CHECK(get(*transport, server.origin()));
    CHECK(server.connections() == 2);
    CHECK(server.requests().size() == 3);
    CHECK(code_of(send(*transport, post(server.origin(), "b"))) == Errc::unreachable);
    CHECK(server.connections() == 2);
    CHECK(server.requests().size() == 4);
  }
  SUBCASE("what a new connection swallowed is not sent again") {
    FakeHttpServer server(Script([&](Peer& peer) { server.next(peer); }));
    CHECK(code_of(get(*transport, server.origin())) == Errc::unreachable);
    CHECK(server.connections() == 1);
  }
}

/// Everything above. `make` makes a transport that no other test uses.
inline void transport_suite(const MakeTransport& make) {
  sends_what_it_is_told(make);
  understands_answers(make);
  distrusts_answers(make);
  fails_in_time(make);
  stops_when_told(make);
  keeps_connections(make);
}

}  // namespace transport_suite_parts
