#include "net/http/response_text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <iterator>

#include <fmt/format.h>

#include "http/append_all.hpp"
#include "net/http/reason_phrase.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), cached per thread for one second.
std::string_view http_date() {
  thread_local std::time_t made_for = 0;
  thread_local std::array<char, sizeof "Sun, 06 Nov 1994 08:49:37 GMT"> text{};
  const std::time_t now = std::time(nullptr);
  if (now != made_for) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    made_for = now;
  }
  return {text.data(), text.size() - 1};
}

/// Whether the field frames the message or controls the connection: the server sets those itself.
bool is_ours(std::string_view name, Framing framing) noexcept {
  for (const std::string_view own : {"Transfer-Encoding", "Connection", "Date"}) {
    if (equals_ignoring_case(name, own)) return true;
  }
  return framing != Framing::no_body && equals_ignoring_case(name, "Content-Length");
}

void append_status_line(std::string& out, int status) {
  constexpr std::string_view kUsual = "HTTP/1.1 200 OK\r\n";
  if (status == 200) {
    out.append(kUsual);
  } else {
    const fmt::format_int code(status);
    http_detail::append_all(out, "HTTP/1.1 ", std::string_view(code.data(), code.size()), " ",
                            reason_phrase(status), "\r\n");
  }
}

}  // namespace

void append_head(std::string& out, const HttpResponse& response, Framing framing,
                 Persistence persistence) {
  append_status_line(out, response.status);
  for (const Header header : response.headers) {
    if (is_ours(header.name, framing)) continue;
    http_detail::append_all(out, header.name, ": ", header.value, "\r\n");
  }
  http_detail::append_all(out, "Date: ", http_date(), "\r\n");
  if (framing == Framing::chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (framing == Framing::length && response.status != 204 && response.status != 304) {
    const fmt::format_int length(response.body.size());
    http_detail::append_all(out, "Content-Length: ", std::string_view(length.data(), length.size()),
                            "\r\n");
  }
  if (persistence == Persistence::keep_and_say) out.append("Connection: keep-alive\r\n");
  if (persistence == Persistence::close) out.append("Connection: close\r\n");
  out.append("\r\n");
}

void append_chunk(std::string& out, std::string_view piece) {
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", piece.size());
  out.append(piece).append("\r\n");
}

HttpResponse refusal(int status, std::string_view why) {
  std::string error(reason_phrase(status));
  std::transform(error.begin(), error.end(), error.begin(), [](unsigned char c) {
    return c == ' ' || c == '-' ? '_' : static_cast<char>(std::tolower(c));
  });
  return HttpResponse(
      status, "application/json",
      fmt::format(R"({{"error":"{}","status_code":{},"message":"{}"}})", error, status, why));
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
