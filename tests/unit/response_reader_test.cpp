#include "net/http/response_reader.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "http_readings.hpp"

using http_readings::Reading;
using vx11::net_detail::ResponseLimits;
using vx11::net_detail::ResponseReader;
using End = Reading::End;

namespace {

ResponseLimits small_limits() {
  ResponseLimits limits;
  limits.head_bytes = 256;
  limits.body_bytes = 64;
  return limits;
}

/// Reads `bytes` whole and byte by byte; both must agree.
Reading read(std::string_view bytes, bool closed = false,
             ResponseReader::Body body = ResponseReader::Body::expected) {
  const ResponseLimits limits = small_limits();
  const Reading whole = http_readings::read_response(
      bytes, closed, limits, [] { return std::string::npos; }, body);
  const Reading trickled = http_readings::read_response(
      bytes, closed, limits, [] { return std::size_t{1}; }, body);
  CHECK(whole == trickled);
  return whole;
}

Reading failed(int status) {
  return http_readings::failed(status);
}

std::string ok(std::string_view headers, std::string_view body = {}) {
  return "HTTP/1.1 200 OK\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("a response with a length is read, what follows is left") {
  const Reading reading = read(ok("Content-Length: 5\r\nX: a\r\n", "hello next"));
  CHECK(reading.text == "Content-Length=5\nX=a\nhello");
  CHECK(reading.unread == 5);
  CHECK(reading.keep_alive);
}

TEST_CASE("chunks are put together, trailers dropped") {
  const Reading reading = read(ok("Transfer-Encoding: chunked\r\n",
                                  "2;a=\"b;\\\"\"\r\nhe\r\n3\r\nllo\r\n0\r\nX: 1\r\n\r\n"));
  CHECK(reading.text == "Transfer-Encoding=chunked\nhello");
  CHECK(reading.keep_alive);
}

TEST_CASE("a chunk is read in every spelling of its size") {
  for (const std::string size : {"a", "A", "0a", "00000000000A", "A;x=1", "a ;x"}) {
    const Reading reading = read(ok("Transfer-Encoding: chunked\r\n",
                                    "1\r\n<\r\n" + size + "\r\n0123456789\r\n1\r\n>\r\n0\r\n\r\n"));
    CHECK(reading.text == "Transfer-Encoding=chunked\n<0123456789>");
  }
  for (const std::string chunk : {"2\r\nabc\r\n", "2\r\na\r\n", "2\nab\r\n", "2\r\nab\n",
                                  "g\r\nab\r\n", "-2\r\nab\r\n", "0x2\r\nab\r\n"}) {
    CHECK(read(ok("Transfer-Encoding: chunked\r\n", "1\r\n<\r\n" + chunk + "0\r\n\r\n")).end !=
          End::done);
  }
}

TEST_CASE("a body without a length ends with the connection") {
  CHECK(read(ok("", "hello")).end == End::more);
  const Reading reading = read(ok("", "hello"), true);
  CHECK(reading.text == "hello");
  CHECK_FALSE(reading.keep_alive);
}

TEST_CASE("204, 304 and the answer to HEAD have no body, whatever length they name") {
  for (const std::string_view status : {"204 No Content", "304 Not Modified"}) {
    CAPTURE(status);
    const Reading reading =
        read("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 4000\r\n\r\n");
    CHECK(reading.end == End::done);
    CHECK(reading.keep_alive);
  }
  CHECK(read(ok("Content-Length: 4000\r\n"), false, ResponseReader::Body::none).end == End::done);
  CHECK(read(ok("Transfer-Encoding: chunked\r\n"), false, ResponseReader::Body::none).end ==
        End::done);
}

TEST_CASE("interim responses are skipped, without their fields") {
  const Reading reading = read(
      "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
      "x\r\n\r\n" +
      ok("Content-Length: 2\r\n", "ok"));
  CHECK(reading.text == "Content-Length=2\nok");
}

TEST_CASE("an answer that switches to another protocol is none: no request asks for that") {
  CHECK(read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n") == failed(502));
}

TEST_CASE("a status line may lack its phrase, and the space before it") {
  for (const std::string_view line :
       {"HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.0 200", "HTTP/1.1 200 All \t right \xC3\xBC"}) {
    CAPTURE(line);
    CHECK(read(std::string(line) + "\r\nContent-Length: 0\r\n\r\n").status == 200);
  }
}

TEST_CASE("what cannot become a status line is refused at once") {
  for (const std::string_view bytes :
       {"SSH-2.0", "\x15\x03", "HTTP/2 ", "HTTQ", "<", "HTTP/1.1 200 OK\n", "HTTP/1.2 200 OK\r\n",
        "HTTP/1.1 2x0 OK\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1  200 OK\r\n",
        "HTTP/1.1 200OK\r\n", "HTTP/1.1 200 O\x01K\r\n", "\r\n"}) {
    CAPTURE(bytes);
    CHECK(read(bytes) == failed(502));
  }
}

TEST_CASE("a status below 100 is none") {
  CHECK(read("HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n" + ok("Content-Length: 0\r\n")) ==
        failed(502));
}

TEST_CASE("a folded value is joined by spaces") {
  const Reading reading = read(ok("X: a\r\n \t b \r\n\tc\r\n \r\nContent-Length: 0\r\n"));
  CHECK(reading.text == "X=a b c\nContent-Length=0\n");
  CHECK(read(ok(" X: a\r\n")) == failed(502));
  CHECK(read(ok("X: a\r\n b\x01\r\n")) == failed(502));
}

TEST_CASE("a length that could be read in two ways is refused") {
  for (const std::string_view lengths :
       {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2, 2\r\n",
        "Content-Length: +2\r\n", "Content-Length: -2\r\n", "Content-Length: 0x2\r\n",
        "Content-Length:\r\n", "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"}) {
    CAPTURE(lengths);
    CHECK(read(ok(lengths, "2\r\nok\r\n0\r\n\r\n")) == failed(502));
  }
}

TEST_CASE("a connection is kept by HTTP/1.1 unless closed, by HTTP/1.0 only if asked to") {
  const auto keeps = [](std::string_view version, std::string_view connection) {
    return read("HTTP/" + std::string(version) + " 200 OK\r\nContent-Length: 0\r\nConnection: " +
                std::string(connection) + "\r\n\r\n")
        .keep_alive;
  };
  CHECK(keeps("1.1", ""));
  CHECK(keeps("1.1", "keep-alive"));
  CHECK_FALSE(keeps("1.1", "Close"));
  CHECK_FALSE(keeps("1.1", "x ,, close"));
  CHECK_FALSE(keeps("1.0", ""));
  CHECK(keeps("1.0", "x, Keep-Alive"));
  CHECK_FALSE(keeps("1.0", "keep-alive, close"));
}

TEST_CASE("a connection is not kept after chunks in HTTP/1.0") {
  const Reading reading = read(
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nok\r\n0\r\n\r\n");
  CHECK(reading.end == End::done);
  CHECK_FALSE(reading.keep_alive);
}

TEST_CASE("a response that is cut short is no response") {
  const std::string length = ok("Content-Length: 5\r\n", "hello");
  const std::string chunked = ok("Transfer-Encoding: chunked\r\n", "2\r\nok\r\n0\r\nX: 1\r\n\r\n");
  for (const std::string& bytes : {length, chunked}) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CAPTURE(size);
      CHECK(read(bytes.substr(0, size)).end == End::more);
      CHECK(read(bytes.substr(0, size), true) == failed(502));
    }
  }
  CHECK(read("HTTP/1.1 100 Continue\r\n\r\n", true) == failed(502));
}

TEST_CASE("head and body have their limits, whether the length is declared or not") {
  CHECK(read(ok("X: " + std::string(300, 'x') + "\r\n")) == failed(413));
  CHECK(read("HTTP/1.1 200 " + std::string(300, 'x')) == failed(413));
  CHECK(read(ok("Content-Length: 64\r\n", std::string(64, 'b'))).end == End::done);
  CHECK(read(ok("Content-Length: 65\r\n")) == failed(413));
  CHECK(read(ok("Transfer-Encoding: chunked\r\n", "41\r\n")) == failed(413));
  CHECK(read(ok("", std::string(65, 'b'))) == failed(413));
}

TEST_CASE("the limit of a body taken in pieces holds for what is not yet taken") {
  ResponseReader reader(small_limits(), ResponseReader::Body::expected);
  std::size_t used = 0;
  REQUIRE(reader.read(ok(""), used) == ResponseReader::Next::head);
  for (int piece = 0; piece < 3; ++piece) {
    REQUIRE(reader.read(std::string(60, 'b'), used) == ResponseReader::Next::more);
    CHECK(reader.take_body().size() == 60);
  }
}
