#include "net/http/plain_head.hpp"

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "net/http/request_reader.hpp"
#include "net/http/response_reader.hpp"

using vx11::Headers;
using vx11::net_detail::PlainHead;
using vx11::net_detail::RequestLimits;
using vx11::net_detail::RequestReader;
using vx11::net_detail::ResponseLimits;
using vx11::net_detail::ResponseReader;
using namespace std::string_literals;

namespace {

bool is_plain(std::string_view lines) {
  Headers headers;
  return PlainHead().read_fields(lines, headers, 8);
}

/// All that a reader made of a message, as text to compare.
std::string told(const Headers& headers) {
  std::string text;
  for (const vx11::Header header : headers) {
    text.append(header.name).append("=").append(header.value).append("\n");
  }
  return text;
}

std::string read_request(const std::string& bytes, RequestReader::Way way) {
  RequestLimits limits;
  limits.head_bytes = 512;
  limits.header_count = 6;
  limits.target_bytes = 64;
  limits.body_bytes = 32;
  RequestReader reader(limits, way);
  std::size_t head = 0;
  std::size_t body = 0;
  const auto next = reader.read_head(bytes, head);
  std::string text = "head " + std::to_string(static_cast<int>(next));
  text += " status " + std::to_string(reader.status()) + " used " + std::to_string(head) + "\n";
  if (next != RequestReader::Next::done) return text;
  text += reader.request().method + " " + reader.request().target + "\n";
  text += told(reader.request().headers);
  text += reader.keep_alive() ? "keep " : "close ";
  text += reader.is_1_0() ? "1.0 " : "1.1 ";
  text += reader.expects_continue() ? "waits\n" : "\n";
  const auto then = reader.read_body(std::string_view(bytes).substr(head), body);
  text += "body " + std::to_string(static_cast<int>(then)) + " used " + std::to_string(body);
  return text + " status " + std::to_string(reader.status()) + "\n" + reader.request().body;
}

std::string read_response(std::string_view bytes, ResponseReader::Way way) {
  ResponseLimits limits;
  limits.head_bytes = 512;
  limits.body_bytes = 32;
  ResponseReader reader(limits, ResponseReader::Body::expected, way);
  std::string text;
  ResponseReader::Next next = ResponseReader::Next::more;
  for (std::size_t used = 1; used != 0 || next == ResponseReader::Next::head;) {
    next = reader.read(bytes, used);
    bytes.remove_prefix(used);
    if (next == ResponseReader::Next::done || next == ResponseReader::Next::failed) break;
  }
  text += std::to_string(static_cast<int>(next)) + "\n";
  if (next == ResponseReader::Next::failed) return text + reader.error().detail;
  if (next == ResponseReader::Next::more) {
    return text + std::to_string(static_cast<int>(reader.end_of_stream()));
  }
  text += std::to_string(reader.response().status) + (reader.keep_alive() ? " keep\n" : " close\n");
  return text + told(reader.response().headers) + reader.response().body + "\n" +
         std::string(bytes);
}

const std::array<std::string, 4> kRequests = {
    "POST /operator/chat/ask HTTP/1.1\r\nHost: a.example:80\r\nx-vx11-token: t\r\n"
    "Content-Length: 4\r\n\r\nbodyGET / HTTP/1.1 and the rest of the next one",
    "GET /livez?x=1 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nX-One: a b\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "GET http://a/b HTTP/1.1\r\nHost: [::1]:8000\r\nExpect: 100-continue\r\n\r\n"};
const std::array<std::string, 3> kResponses = {
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello rest",
    "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"};
const std::array<std::string, 11> kLines = {"Host: b\r\n",
                                            "Content-Length: 2\r\n",
                                            "content-length: 4\r\n",
                                            "Connection: close\r\n",
                                            "Transfer-Encoding: chunked\r\n",
                                            "Expect: else\r\n",
                                            "Upgrade: h2c\r\n",
                                            "Proxy-Connection: close\r\n",
                                            "X: 1\r\n",
                                            "Content-Length: 64\r\n",
                                            "Content-Length: 99999999999999999999\r\n"};

/// Changes a message here and there.
class Mutator {
 public:
  std::string operator()(std::string text) {
    constexpr std::string_view kAlphabet = "\r\n\t :,;/01259aZ-_HTPCLx\x01\x7F\x80\xFF\"";
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = kAlphabet[below(kAlphabet.size())];
          break;
        case 1:
          text.insert(at, 1, kAlphabet[below(kAlphabet.size())]);
          break;
        case 2:
          text.insert(text.find("\r\n") + 2, kLines[below(kLines.size())]);
          break;
        default:
          if (text.size() > 20) text.erase(at, 1);
          break;
      }
      if (text.find("\r\n") == std::string::npos) text += "\r\n";
    }
    return text;
  }
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

 private:
  std::mt19937 random_{20261125};
};

}  // namespace

TEST_CASE("the usual header lines are plain") {
  CHECK(is_plain("\r\n"));
  CHECK(is_plain("Host: a\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"));
  CHECK(is_plain("x-vx11-token: ~\r\nConnection: Keep-Alive\r\nContent-Length: 123456789\r\n\r\n"));
}

TEST_CASE("what decides otherwise, or might be read in two ways, is not plain") {
  for (const std::string& line : {"Transfer-Encoding: chunked"s,
                                  "Connection: close"s,
                                  "Upgrade: h2c"s,
                                  "Expect: 100-continue"s,
                                  "Proxy-Connection: keep-alive"s,
                                  "Content-Length: 1234567890"s,
                                  "Content-Length: +1"s,
                                  "Content-Length: 1, 1"s,
                                  "Content-Length: 1\r\nContent-Length: 1"s,
                                  "Host: a\r\nHost: a"s,
                                  "A:b"s,
                                  "A:  b"s,
                                  "A: b "s,
                                  "A: "s,
                                  "A : b"s,
                                  ": b"s,
                                  " A: b"s,
                                  "A: b\tc"s,
                                  "A: \x7f"s,
                                  "A: gr\xC3\xBC\xC3\x9F"s,
                                  "A: long enough for words \x01"s,
                                  "A: b\n"s,
                                  "A: \0"s,
                                  "A"s}) {
    CAPTURE(line);
    CHECK_FALSE(is_plain(line + "\r\n\r\n"));
  }
  CHECK_FALSE(is_plain("A: b\r\n"));
  CHECK_FALSE(is_plain(""));
}

TEST_CASE("whatever is made of a request, it is never read otherwise than by the parser") {
  Mutator mutated;
  for (int round = 0; round < 60'000; ++round) {
    const std::string bytes = mutated(kRequests[mutated.below(kRequests.size())]);
    CAPTURE(bytes);
    REQUIRE(read_request(bytes, RequestReader::Way::quick) ==
            read_request(bytes, RequestReader::Way::parser_only));
  }
}

TEST_CASE("whatever is made of an answer, it is never read otherwise than by the parser") {
  Mutator mutated;
  for (int round = 0; round < 60'000; ++round) {
    const std::string bytes = mutated(kResponses[mutated.below(kResponses.size())]);
    CAPTURE(bytes);
    REQUIRE(read_response(bytes, ResponseReader::Way::quick) ==
            read_response(bytes, ResponseReader::Way::parser_only));
  }
}
