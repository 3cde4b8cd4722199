#pragma once

/// \file
/// The transport suite: which answers are accepted.

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "transport_suite/helpers.hpp"

namespace transport_suite_parts {

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
    // Bytes that had arrived may be lost with the connection.
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

}  // namespace transport_suite_parts
