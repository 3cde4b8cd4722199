#include "net/http/request_reader.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

using vx11::net_detail::RequestLimits;
using vx11::net_detail::RequestReader;
using Next = RequestReader::Next;

namespace {

RequestLimits small_limits() {
  RequestLimits limits;
  limits.head_bytes = 1024;
  limits.header_count = 8;
  limits.target_bytes = 256;
  limits.body_bytes = 64;
  return limits;
}

/// Feeds `bytes` in pieces of `piece` and keeps what the reader left unread, as a connection does.
struct Fed {
  RequestReader reader{small_limits()};
  std::string unread;
  Next head = Next::more;
  Next body = Next::more;

  explicit Fed(std::string_view bytes, std::size_t piece = std::string_view::npos) {
    while (!bytes.empty() && head != Next::refused && body == Next::more) {
      unread += bytes.substr(0, piece);
      bytes.remove_prefix(std::min(piece, bytes.size()));
      step();
    }
    unread += bytes;
  }

  void step() {
    std::size_t used = 0;
    if (head == Next::more) {
      head = reader.read_head(unread, used);
      unread.erase(0, used);
    }
    if (head != Next::done) return;
    body = reader.read_body(unread, used);
    unread.erase(0, used);
  }

  int status() const { return reader.status(); }
};

int status_of(std::string_view bytes) {
  const Fed whole(bytes);
  const Fed trickled(bytes, 1);
  CHECK(whole.status() == trickled.status());
  CHECK(whole.head == trickled.head);
  return whole.status();
}

std::string get(std::string_view headers) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n";
}
std::string post(std::string_view headers, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("a request is read whole or byte by byte alike") {
  const std::string bytes =
      "POST /operator/chat/ask?x=1 HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nx-two:  2 \r\n"
      "Content-Length: 4\r\n\r\nbodyGET";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::string::npos}) {
    Fed fed(bytes, piece);
    REQUIRE(fed.body == Next::done);
    CHECK(fed.reader.request().method == "POST");
    CHECK(fed.reader.request().target == "/operator/chat/ask?x=1");
    CHECK(fed.reader.request().headers.count("X-TWO") == 2);
    CHECK(fed.reader.request().headers.get("x-two") == "1");
    CHECK(fed.reader.request().body == "body");
    CHECK(fed.unread == "GET");
    CHECK(fed.reader.keep_alive());
  }
}

TEST_CASE("a chunked body is put together, its trailers are not headers") {
  const std::string bytes =
      post("Transfer-Encoding: chunked\r\n",
           "3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nx-vx11-token: t\r\n\r\nrest");
  for (const std::size_t piece : {std::size_t{1}, std::string::npos}) {
    Fed fed(bytes, piece);
    REQUIRE(fed.body == Next::done);
    CHECK(fed.reader.request().body == "abc0123456789");
    CHECK_FALSE(fed.reader.request().headers.contains("x-vx11-token"));
    CHECK(fed.unread == "rest");
  }
}

TEST_CASE("a reader that was reset reads the next request as if new") {
  Fed fed("GET /one HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  REQUIRE(fed.body == Next::done);
  CHECK_FALSE(fed.reader.keep_alive());
  fed.reader.reset();
  std::size_t used = 0;
  REQUIRE(fed.reader.read_head(get(""), used) == Next::done);
  CHECK(fed.reader.request().headers.size() == 1);
  CHECK(fed.reader.keep_alive());
}

TEST_CASE("HTTP/1.0 closes unless asked to stay, and close wins over keep-alive") {
  CHECK_FALSE(Fed("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n").reader.keep_alive());
  CHECK_FALSE(Fed("GET / HTTP/1.0\r\n\r\n").reader.keep_alive());
  CHECK(Fed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").reader.keep_alive());
}

TEST_CASE("one empty line before a request is ignored, a second one is not") {
  CHECK(status_of("\r\n" + get("")) == 0);
  CHECK(status_of("\r\n\r\n" + get("")) == 400);
}

TEST_CASE("any token is a method, and a field may hold bytes above ASCII") {
  Fed fed("M-SEARCH /gr%C3%BC%C3%9F HTTP/1.1\r\nHost: a\r\nX:\t gr\xC3\xBC\xC3\x9F\ta \r\n\r\n");
  REQUIRE(fed.body == Next::done);
  CHECK(fed.reader.request().method == "M-SEARCH");
  CHECK(fed.reader.request().target == "/gr%C3%BC%C3%9F");
  CHECK(fed.reader.request().headers.get("X") == "gr\xC3\xBC\xC3\x9F\ta");
}

TEST_CASE("a target holds visible ASCII alone") {
  CHECK(status_of("GET /gr\xC3\xBC HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET /a?\xFF HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET /a\x7F HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET http://a/\x80 HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("GET /~ HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
}

TEST_CASE("after a refusal nothing is left of the request before") {
  Fed fed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(fed.body == Next::done);
  fed.reader.reset();
  std::size_t used = 0;
  REQUIRE(fed.reader.read_head("GE T / HTTP/1.1\r\n\r\n", used) == Next::refused);
  CHECK(fed.reader.request().method.empty());
}

TEST_CASE("a line is refused as soon as it is complete, before the head is") {
  CHECK(status_of("GET / HTTP/1.1\r\nNo colon\r\n") == 400);
  CHECK(status_of("get me\r\n") == 400);
}

TEST_CASE("an absolute-form target becomes its path") {
  Fed fed("GET http://elsewhere:80/operator/status?a HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(fed.reader.request().target == "/operator/status?a");
}

TEST_CASE("the path of an absolute form begins behind its authority, in whatever case it is") {
  CHECK(Fed("GET http://a?x=/b HTTP/1.1\r\nHost: a\r\n\r\n").reader.request().target == "/?x=/b");
  CHECK(Fed("GET HTTP://a HTTP/1.1\r\nHost: a\r\n\r\n").reader.request().target == "/");
  CHECK(Fed("GET HttpS://a/b HTTP/1.1\r\nHost: a\r\n\r\n").reader.request().target == "/b");
}

TEST_CASE("the authority of an absolute form replaces the Host, and has to be one") {
  Fed fed("GET http://elsewhere:80/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(fed.reader.request().headers.get("Host") == "elsewhere:80");
  CHECK(fed.reader.request().headers.count("Host") == 1);
  for (const std::string authority : {"", "user@a", "user:pw@a", "[::1", "a:b", "a:1:2", "a[]"}) {
    CAPTURE(authority);
    CHECK(status_of("GET http://" + authority + "/ HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  }
}

TEST_CASE("a Host is a host and a port") {
  for (const std::string host : {"", "a", "a:", "a:80", "[::1]", "[::1]:80", "1.2.3.4", "a_b.c."}) {
    CAPTURE(host);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n") == 0);
  }
  for (const std::string host :
       {"[::1", "::1", "a:b", "a:1:2", "a]", "[a]b", "u@a", "a b", "a/b"}) {
    CAPTURE(host);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n") == 400);
  }
}

TEST_CASE("a version that is not spoken is named so") {
  const std::string why = "neither HTTP/1.1 nor HTTP/1.0";
  for (const std::string_view line : {"PRI * HTTP/2.0", "GET / HTTP/1.2", "GET / HTTP/0.9"}) {
    CAPTURE(line);
    const Fed fed(std::string(line) + "\r\nHost: a\r\n\r\n");
    CHECK(fed.status() == 400);
    CHECK(fed.reader.why() == why);
  }
  for (const std::string_view line : {"GET / HTTP/11", "GET / http/1.1", "GET /"}) {
    CAPTURE(line);
    const Fed fed(std::string(line) + "\r\nHost: a\r\n\r\n");
    CHECK(fed.status() == 400);
    CHECK(fed.reader.why() == "malformed start line");
  }
}

TEST_CASE("what cannot become a request line is refused by its first byte") {
  std::size_t used = 0;
  RequestReader tls(small_limits());
  CHECK(tls.read_head("\x16\x03\x01", used) == Next::refused);
  CHECK(tls.status() == 400);
  CHECK(tls.why() == "TLS on a listener for plain HTTP");
  CHECK(status_of(" GET / HTTP/1.1") == 400);
  CHECK(status_of("\n") == 400);
  CHECK(status_of("\r") == 0);
}

TEST_CASE("Expect: 100-continue is noticed, any other expectation refused") {
  CHECK(Fed(post("Expect: 100-Continue\r\nContent-Length: 1\r\n", "")).reader.expects_continue());
  CHECK(status_of(get("Expect: tea\r\n")) == 417);
}

TEST_CASE("an expectation of HTTP/1.0 is ignored: it knows no interim answers") {
  for (const std::string expectation : {"100-continue", "tea"}) {
    CAPTURE(expectation);
    const Fed fed("POST /path HTTP/1.0\r\nExpect: " + expectation +
                  "\r\nContent-Length: 1\r\n\r\nb");
    CHECK(fed.reader.status() == 0);
    CHECK_FALSE(fed.reader.expects_continue());
  }
}

TEST_CASE("two readings of one message are refused") {
  CHECK(status_of(post("Content-Length: 4\r\nContent-Length: 4\r\n", "body")) == 400);
  CHECK(status_of(post("Content-Length: 4\r\nContent-Length: 5\r\n", "body")) == 400);
  CHECK(status_of(post("Content-Length: 4, 4\r\n", "body")) == 400);
  CHECK(status_of(post("Content-Length: +4\r\n", "body")) == 400);
  CHECK(status_of(post("Content-Length: -4\r\n", "body")) == 400);
  CHECK(status_of(post("Content-Length: 0x4\r\n", "body")) == 400);
  CHECK(status_of(post("Content-Length: 4 4\r\n", "body")) == 400);
  CHECK(status_of(post("Content-Length:\r\n", "body")) == 400);
  CHECK(status_of(post("Content-Length: 99999999999999999999999\r\n", "body")) == 400);
  CHECK(status_of(post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")) == 400);
  CHECK(status_of(post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n")) == 400);
  CHECK(status_of(post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")) == 400);
  CHECK(status_of(post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")) == 400);
  CHECK(status_of(post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")) == 400);
  CHECK(status_of(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                       "0\r\n\r\n")) == 400);
  CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
}

TEST_CASE("a Connection that is no list of options is refused") {
  CHECK(status_of(get("Connection: a b\r\n")) == 400);
  CHECK(status_of(get("Connection: \"close\"\r\n")) == 400);
  CHECK(status_of(get("Connection: , a ,, b,\r\n")) == 0);
}

TEST_CASE("trailers that would have decided about the body are refused") {
  for (const std::string trailer : {"Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n",
                                    "X : 1\r\n", "X: \x01\r\n", "X: 1\n", " X: 1\r\n", "X\r\n"}) {
    CAPTURE(trailer);
    CHECK(status_of(post("Transfer-Encoding: chunked\r\n", "0\r\n" + trailer + "\r\n")) == 400);
  }
}

TEST_CASE("a chunk's extensions are checked, control characters in their strings refused") {
  for (const std::string_view good :
       {";a", ";a=b", "; a = b", " ;a=\"b;\\\"\xC3\xBC\";c", ";a=\"\t\""}) {
    CAPTURE(good);
    CHECK(status_of(post("Transfer-Encoding: chunked\r\n",
                         "1" + std::string(good) + "\r\na\r\n0\r\n\r\n")) == 0);
  }
  for (const std::string_view bad : {";", "; ", ";=b", ";a=", ";a ", ";a=\"b", ";a=\"\n\"",
                                     ";a=b c", ";a=\"\x01\"", ";a=\"\r\"", "a;b\x7f"}) {
    CAPTURE(bad);
    CHECK(status_of(post("Transfer-Encoding: chunked\r\n",
                         "1" + std::string(bad) + "\r\na\r\n0\r\n\r\n")) == 400);
  }
}

TEST_CASE("bad chunks are refused") {
  for (const std::string_view body :
       {"xyz\r\n", "-1\r\na\r\n", "0x3\r\nabc\r\n\r\n", " 3\r\nabc\r\n", "3\nabc\r\n",
        "3\r\nabcd\r\n0\r\n\r\n", "ffffffffffffffffff\r\na", "3 \r\nabc\r\n0\r\n\r\n"}) {
    CAPTURE(body);
    CHECK(status_of(post("Transfer-Encoding: chunked\r\n", body)) >= 400);
  }
}

TEST_CASE("lines that end or begin as they should not are refused") {
  CHECK(status_of("GET / HTTP/1.1\nHost: a\n\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n") == 400);
  CHECK(status_of(get("X: 1\r\n folded\r\n")) == 400);
  CHECK(status_of(get("X: 1\r\n\tfolded\r\n")) == 400);
  CHECK(status_of("GET / HTTP/1.1\r\n Host: a\r\n\r\n") == 400);
  CHECK(status_of(get("X : 1\r\n")) == 400);
  CHECK(status_of(get(": 1\r\n")) == 400);
  CHECK(status_of(get("NoColon\r\n")) == 400);
  CHECK(status_of(get("X: a\rb\r\n")) == 400);
}

TEST_CASE("NUL and control bytes are refused wherever they stand") {
  using namespace std::string_literals;
  CHECK(status_of(get("X: a\0b\r\n"s)) == 400);
  CHECK(status_of(get("X: a\x01\r\n")) == 400);
  CHECK(status_of(get("X\x7f: a\r\n")) == 400);
  CHECK(status_of("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status_of("G\0T / HTTP/1.1\r\nHost: a\r\n\r\n"s) == 400);
}

TEST_CASE("exactly one well-formed Host is wanted") {
  CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of(get("Host: b\r\n")) == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a b\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == 400);
  CHECK(status_of("GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n") == 0);
}

TEST_CASE("versions and request lines that are not HTTP/1.1's are refused") {
  for (const std::string_view line :
       {"GET / HTTP/1.2", "GET / HTTP/2.0", "GET / HTTP/0.9", "GET / HTTP/1.10", "GET / http/1.1",
        "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET path HTTP/1.1", "",
        "GET * HTTP/1.1"}) {
    CAPTURE(line);
    CHECK(status_of(std::string(line) + "\r\nHost: a\r\n\r\n") >= 400);
  }
}

TEST_CASE("every limit has its own answer") {
  CHECK(status_of("GET /" + std::string(300, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n") == 414);
  CHECK(status_of("GET /" + std::string(2000, 'a')) == 414);
  CHECK(status_of(get("X: " + std::string(2000, 'a') + "\r\n")) == 431);
  std::string many;
  for (int i = 0; i < 9; ++i) many += "X: 1\r\n";
  CHECK(status_of(get(many)) == 431);
  many.resize(7 * 6);
  CHECK(status_of(get(many)) == 0);
}

TEST_CASE("a body larger than allowed is refused, with or without its length declared") {
  std::string chunks;
  for (int i = 0; i < 9; ++i) chunks += "8\r\n01234567\r\n";
  CHECK(status_of(post("Transfer-Encoding: chunked\r\n", chunks)) == 413);
  CHECK(status_of(post("Transfer-Encoding: chunked\r\n", "41\r\nabc")) == 413);
  CHECK(status_of(post("Content-Length: 65\r\n", std::string(65, 'a'))) == 413);
}

TEST_CASE("a body declared too large is refused before a byte of it is read") {
  RequestReader reader(small_limits());
  std::size_t used = 0;
  REQUIRE(reader.read_head(post("Content-Length: 65\r\n", ""), used) == Next::done);
  CHECK(reader.status() == 0);  // so that a missing token is reported first
  CHECK(reader.read_body("", used) == Next::refused);
  CHECK(reader.status() == 413);
}

TEST_CASE("a chunk head or trailer that never ends is refused") {
  CHECK(status_of(post("Transfer-Encoding: chunked\r\n", "1;" + std::string(2000, 'a'))) == 400);
  CHECK(status_of(post("Transfer-Encoding: chunked\r\n", "0\r\nX: " + std::string(2000, 'a'))) ==
        400);
}
