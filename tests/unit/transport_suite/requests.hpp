#pragma once

/// \file
/// The transport suite: the requests sent.

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "transport_suite/helpers.hpp"

namespace transport_suite_parts {

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
    CHECK(has("\r\nAccept-Encoding: identity\r\n"));
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
    request.headers.add("Expect", "100-continue");
    CHECK(send(*transport, request));
    REQUIRE(server.requests().size() == 1);
    CHECK(server.requests()[0].find("Content-Length: 26\r\n") != std::string::npos);
    CHECK(server.requests()[0].find("chunked") == std::string::npos);
    CHECK(server.requests()[0].find("Expect") == std::string::npos);
  }
  SUBCASE("a Host that the request names is sent in place of the origin's") {
    FakeHttpServer server(answer_of(""));
    HttpRequest request("PATCH", server.origin(), "/");
    request.headers.add("host", "virtual");
    CHECK(send(*transport, request));
    REQUIRE(server.requests().size() == 1);
    CHECK(server.requests()[0].find("\r\nHost: virtual\r\n") != std::string::npos);
    CHECK(server.requests()[0].find("Host: 127") == std::string::npos);
    CHECK(server.requests()[0].find("\r\nContent-Length: 0\r\n") != std::string::npos);
  }
  SUBCASE("a body of a megabyte arrives") {
    FakeHttpServer server(answer_of("ok"));
    const std::string body(1 << 20, 'b');
    CHECK(send(*transport, post(server.origin(), body)));
    CHECK(server.requests().front().ends_with("\r\n\r\n" + body));
  }
  SUBCASE("what HTTP cannot say is refused and never sent") {
    FakeHttpServer server(answer_of(""));
    std::vector<HttpRequest> bad(11, HttpRequest("GET", server.origin(), "/"));
    bad[0].target = "/a b";
    bad[1].target = "/\r\nX: y";
    bad[2].target = "no-slash";
    bad[3].method = "GET /";
    bad[4].headers.add("X", "a\r\nY: b");
    bad[5].headers.add("X: y", "a");
    bad[6].headers.add("X", std::string("a\0b", 3));
    bad[7].headers.add("X Y", "a");
    bad[8].method = "CONNECT";
    bad[9].target = "/gr\xC3\xBC";
    bad[10].headers.add("Host", "a");
    bad[10].headers.add("Host", "b");
    for (const HttpRequest& request : bad) {
      CHECK(code_of(send(*transport, request)) == Errc::invalid_argument);
    }
    for (const std::string origin :
         {"", "127.0.0.1", "ftp://127.0.0.1", "http://", "http://:80", "http://h:0x50",
          "http://h:99999", "http://u@h", "http://h/path", "http://[::1", "http://::1",
          "http://h\r\nX: y", "http://h:0", "http://[127.0.0.1]", "http://[fe80::1%lo]",
          "http://127.1", "http://a!b", "http://a..b", "http://[::1::2]"}) {
      CAPTURE(origin);
      CHECK(code_of(get(*transport, origin)) == Errc::invalid_argument);
    }
    CHECK(server.connections() == 0);
  }
}

}  // namespace transport_suite_parts
