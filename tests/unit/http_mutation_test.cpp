// Both readers and Boost.Beast, the oracle, read mutated messages and must agree.

#include <array>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "beast_readers.hpp"
#include "http_readings.hpp"

using http_readings::Reading;
using vx11::net_detail::RequestLimits;
using vx11::net_detail::ResponseLimits;

namespace {

RequestLimits request_limits() {
  RequestLimits limits;
  limits.head_bytes = 512;
  limits.target_bytes = 64;
  limits.body_bytes = 32;
  return limits;
}

ResponseLimits response_limits() {
  ResponseLimits limits;
  limits.head_bytes = 512;
  limits.body_bytes = 32;
  return limits;
}

Reading read_request(std::string_view bytes, std::size_t piece) {
  return http_readings::read_request(bytes, request_limits(), [=] { return piece; });
}
Reading read_response(std::string_view bytes, bool closed, std::size_t piece) {
  return http_readings::read_response(bytes, closed, response_limits(), [=] { return piece; });
}

const std::array<std::string, 9> kRequests = {
    "POST /operator/chat/ask HTTP/1.1\r\nHost: a.example:80\r\nx-vx11-token: t\r\n"
    "Content-Length: 4\r\n\r\nbodyGET / HTTP/1.1 and the rest of the next one",
    "GET /livez?x=1 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nX-One: a b\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "GET http://a/b HTTP/1.1\r\nHost: [::1]:8000\r\nExpect: 100-continue\r\n\r\n",
    "GET HTTPS://[::1]:8000?b=/c HTTP/1.1\r\nHost: a:80\r\n\r\n",
    "PUT /gr%C3%BC%C3%9F HTTP/1.1\r\nHost:\t a \t\r\nX:\r\nY: gr\xC3\xBC\xC3\x9F\tb\r\n"
    "Transfer-Encoding: Chunked\r\n\r\n5;a=b;c=\"d;\\\"e\";f\r\nhello\r\nA ; x\r\n0123456789\r\n"
    "00\r\nTrailer: 1\r\nAnother: 2\r\n\r\nnext",
    "OPTIONS * HTTP/1.1\r\nHOST: a\r\nConnection: close, x\r\nProxy-Connection: keep-alive\r\n\r\n",
    "HEAD /a HTTP/1.0\r\nConnection: Keep-Alive ,, upgrade\r\nUpgrade: h2c\r\n\r\nGET / HTTP/1.0",
    "X-METHOD /a HTTP/1.0\r\nContent-Length: 0003\r\nHost: a\r\n\r\nabc"};

const std::array<std::string, 9> kResponses = {
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello rest",
    "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end",
    "HTTP/1.1 204 \r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK",
    "HTTP/1.1 304 Not\tModified \xC3\xBC\r\nContent-Length: 4000\r\nETag: \"x\"\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX-Folded: a\r\n \t b \r\n  c\r\nEmpty:\r\n\td\r\nContent-Length: "
    "1\r\n\r\nx",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
    "1;x=y\r\na\r\n0;z\r\nT: 1\r\n folded\r\nConnection: close\r\n\r\nrest"};

const std::array<std::string, 15> kLines = {"Host: b\r\n",
                                            "Content-Length: 2\r\n",
                                            "content-length: 4\r\n",
                                            "Content-Length: 4, 4\r\n",
                                            "Connection: close\r\n",
                                            "Connection: keep-alive, close\r\n",
                                            "Connection: a b\r\n",
                                            "Transfer-Encoding: chunked\r\n",
                                            "Transfer-Encoding: gzip, chunked\r\n",
                                            "Expect: else\r\n",
                                            "Upgrade: h2c\r\n",
                                            "Proxy-Connection: close\r\n",
                                            "X: 1\r\n",
                                            "Content-Length: 64\r\n",
                                            "Content-Length: 99999999999999999999\r\n"};

/// Applies random changes to a message.
class Mutator {
 public:
  std::string operator()(std::string text) {
    constexpr std::string_view kAlphabet = "\r\n\t :,;=/01259aZ-_HTPCLx\x01\x7F\x80\xFF\"\\";
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t at = below(text.size());
      switch (below(5)) {
        case 0:
          text[at] = kAlphabet[below(kAlphabet.size())];
          break;
        case 1:
          text.insert(at, 1, kAlphabet[below(kAlphabet.size())]);
          break;
        case 2:
          text.insert(text.find("\r\n") + 2, kLines[below(kLines.size())]);
          break;
        case 3:
          if (below(4) == 0 && at > 20) text.resize(at);
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

/// Whether `bytes` are refused like that with any continuation.
template <class Reader>
bool refuses_later(std::string_view bytes, int status, Reader read) {
  for (const std::string_view rest : {"\r\n\r\n", "\"\r\n\r\n"}) {
    const Reading later = read(std::string(bytes).append(rest));
    if (later.end == Reading::End::failed && later.status == status) return true;
  }
  return false;
}

/// Either may refuse later than the other: Beast after the end of a line, a chunk's extensions or
/// the trailers, ours after the end of a line.
template <class Ours, class Oracle>
bool agrees(std::string_view bytes, Ours read, Oracle oracle) {
  const Reading ours = read(bytes);
  const Reading its = oracle(bytes);
  if (ours == its) return true;
  if (its.end == Reading::End::more && ours.end == Reading::End::failed) {
    return refuses_later(bytes, ours.status, oracle);
  }
  if (ours.end == Reading::End::more && its.end == Reading::End::failed) {
    return refuses_later(bytes, its.status, read);
  }
  return false;
}

}  // namespace

TEST_CASE("every message of the mutation tests is read unmutated") {
  for (const std::string& bytes : kRequests) {
    CAPTURE(bytes);
    CHECK(read_request(bytes, std::string::npos).end == Reading::End::done);
  }
  for (const std::string& bytes : kResponses) {
    CAPTURE(bytes);
    CHECK(read_response(bytes, true, std::string::npos).end == Reading::End::done);
  }
}

TEST_CASE("however a request is mutated, it is read as Beast reads it, and in pieces alike") {
  Mutator mutated;
  std::array<int, 3> ends{};
  for (int round = 0; round < 80'000; ++round) {
    const std::string bytes = mutated(kRequests[mutated.below(kRequests.size())]);
    CAPTURE(bytes);
    const Reading whole = read_request(bytes, std::string::npos);
    REQUIRE(agrees(
        bytes, [](std::string_view text) { return read_request(text, std::string::npos); },
        [](std::string_view text) { return beast_readers::read_request(text, request_limits()); }));
    REQUIRE(whole == read_request(bytes, 1 + mutated.below(5)));
    ++ends.at(static_cast<std::size_t>(whole.end));
  }
  for (const int times : ends) CHECK(times > 1000);
}

TEST_CASE("however a response is mutated, it is read as Beast reads it, and in pieces alike") {
  Mutator mutated;
  std::array<int, 3> ends{};
  for (int round = 0; round < 80'000; ++round) {
    const std::string bytes = mutated(kResponses[mutated.below(kResponses.size())]);
    const bool closed = mutated.below(2) == 0;
    CAPTURE(bytes);
    const Reading whole = read_response(bytes, closed, std::string::npos);
    REQUIRE(agrees(
        bytes,
        [=](std::string_view text) { return read_response(text, closed, std::string::npos); },
        [=](std::string_view text) {
          return beast_readers::read_response(text, closed, response_limits());
        }));
    REQUIRE(whole == read_response(bytes, closed, 1 + mutated.below(5)));
    ++ends.at(static_cast<std::size_t>(whole.end));
  }
  for (const int times : ends) CHECK(times > 1000);
}
