#include <vx11/http/detail/message_head.hpp>

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "http/char_class.hpp"
#include "http/content_coding.hpp"

using vx11::HttpRequest;
using vx11::http_detail::append_request_head;
using vx11::http_detail::mistake_in;

namespace {

std::string head_of(const HttpRequest& request) {
  std::string head;
  append_request_head(head, request, "a:80", "agent/1");
  return head;
}

HttpRequest with(std::string_view name, std::string_view value) {
  HttpRequest request("GET", {}, "/");
  request.headers.add(name, value);
  return request;
}

}  // namespace

TEST_CASE("a head has Host first and the request's fields in their order") {
  HttpRequest request("POST", {}, "/a?b");
  request.headers.add("X", "1");
  request.headers.add("Y", "");
  request.headers.add("X", "2");
  request.body = "hello";
  CHECK(head_of(request) ==
        "POST /a?b HTTP/1.1\r\nHost: a:80\r\nX: 1\r\nY: \r\nX: 2\r\nUser-Agent: agent/1\r\n"
        "Accept-Encoding: identity\r\nContent-Length: 5\r\n\r\n");
}

TEST_CASE("Host and User-Agent of the request are sent in place of the transport's") {
  HttpRequest request = with("user-agent", "mine");
  request.headers.add("host", "virtual");
  CHECK(head_of(request) ==
        "GET / HTTP/1.1\r\nHost: virtual\r\nuser-agent: mine\r\n"
        "Accept-Encoding: identity\r\n\r\n");
}

TEST_CASE("framing and persistence of the request are left out") {
  HttpRequest request = with("Content-Length", "9");
  for (const char* name : {"Transfer-Encoding", "Connection", "Expect"}) {
    request.headers.add(name, "x");
  }
  CHECK(head_of(request) ==
        "GET / HTTP/1.1\r\nHost: a:80\r\nUser-Agent: agent/1\r\n"
        "Accept-Encoding: identity\r\n\r\n");
}

TEST_CASE("a coding is asked for only if the request does") {
  CHECK(head_of(with("accept-encoding", "gzip")) ==
        "GET / HTTP/1.1\r\nHost: a:80\r\naccept-encoding: gzip\r\nUser-Agent: agent/1\r\n\r\n");
}

TEST_CASE("a coding that was applied is named, from a fixed list") {
  using vx11::http_detail::applied_coding;
  const auto coding = [](std::string_view value) {
    return applied_coding(with("content-encoding", value).headers);
  };
  CHECK(applied_coding({}).empty());
  CHECK(coding("").empty());
  CHECK(coding("identity").empty());
  CHECK(coding("IDENTITY, ,identity").empty());
  CHECK(coding("GZIP") == "gzip");
  CHECK(coding("identity , br") == "br");
  CHECK(coding("text from a client") == "unknown");
}

TEST_CASE("POST, PUT and PATCH say that their body is empty, other methods do not") {
  for (const std::string_view method : {"POST", "PUT", "PATCH", "GET", "DELETE"}) {
    CAPTURE(method);
    const std::string head = head_of(HttpRequest(std::string(method), {}, "/"));
    CHECK((head.find("Content-Length: 0\r\n") != head.npos) == method.starts_with('P'));
  }
}

TEST_CASE("what HTTP/1.1 can say is no mistake") {
  CHECK(mistake_in(HttpRequest("GET", {}, "/a%20b?c=d&e")).empty());
  CHECK(mistake_in(HttpRequest("M-SEARCH", {}, "*")).empty());
  CHECK(mistake_in(with("X-One", "gr\xC3\xBC\xC3\x9F\tb")).empty());
}

TEST_CASE("what would be read as something else is a mistake, and named") {
  for (const std::string_view method : {"", "GET /", "GE(T", "G\r\n", "CONNECT"}) {
    CAPTURE(method);
    CHECK_FALSE(mistake_in(HttpRequest(std::string(method), {}, "/")).empty());
  }
  for (const std::string_view target : {"", "a", "http://a/", "/a b", "/\r\nX: y", "/gr\xC3\xBC"}) {
    CAPTURE(target);
    CHECK_FALSE(mistake_in(HttpRequest("GET", {}, std::string(target))).empty());
  }
  for (const std::string_view name : {"", "X Y", "X:", "X\r\n", "X("}) {
    CAPTURE(name);
    CHECK(mistake_in(with(name, "a")) == "a header's name is not a token");
  }
  CHECK(mistake_in(with("X", "a\r\nY: b")) == "a header's value has control characters");
  CHECK(mistake_in(with("X", std::string_view("a\0b", 3))).size() > 0);
  HttpRequest two = with("Host", "a");
  two.headers.add("host", "a");
  CHECK(mistake_in(two) == "more than one Host");
}

TEST_CASE("each byte at each place ends a token or a value as it does alone") {
  using namespace vx11::http_detail;
  for (int code = 0; code < 256; ++code) {
    const char byte = static_cast<char>(code);
    const bool ends_token = !is_token_char(byte);
    const bool ends_value = (code < 0x20 && byte != '\t') || code == 0x7F;
    for (std::size_t at = 0; at < 40; ++at) {
      std::string text(40, 'a');
      text[at] = byte;
      CHECK(token_size(text) == (ends_token ? at : text.size()));
      CHECK(find_control(text.data(), text.data() + text.size()) ==
            text.data() + (ends_value ? at : text.size()));
    }
  }
}
