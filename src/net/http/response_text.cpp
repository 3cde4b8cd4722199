#include "net/http/response_text.hpp"

#include <vx11/http/detail/control_fields.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

#include <fmt/format.h>

#include "http/append_all.hpp"
#include "http/reason_phrase.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

/// The current time, formatted once a second per thread.
std::string_view date_now() {
  thread_local std::time_t made_for = -1;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made_for) {
    text = http_date(now);
    made_for = now;
  }
  return text;
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Whether the field frames the message or controls the connection: the server sets those itself.
/// \param name a token
bool is_ours(std::string_view name, Framing framing) noexcept {
  using http_detail::is_name;
  switch (name.size()) {
    case 4:
      return is_name(name, "date");
    case 10:
      return is_name(name, "connection");
    case 14:
      return framing != Framing::no_body && is_name(name, "content-length");
    case 17:
      return is_name(name, "transfer-encoding");
    default:
      return false;
  }
}

void add_status_line(http_detail::Appender& out, int status) {
  if (status == 200) return out.add("HTTP/1.1 200 OK\r\n");
  const fmt::format_int code(status);
  out.add("HTTP/1.1 ", std::string_view(code.data(), code.size()), " ",
          http_detail::reason_phrase(status), "\r\n");
}

/// The most bytes that a head has besides the fields of its response.
constexpr std::size_t kMostBesides = 256;

}  // namespace

std::string http_date(std::time_t time) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&time, &utc);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

void append_head(std::string& out, const HttpResponse& response, Framing framing,
                 Persistence persistence) {
  http_detail::Appender head(out, kMostBesides + http_detail::size_of_lines(response.headers));
  add_status_line(head, response.status);
  for (const Header header : response.headers) {
    if (!is_ours(header.name, framing)) head.add(header.name, ": ", header.value, "\r\n");
  }
  head.add("Date: ", date_now(), "\r\n");
  if (framing == Framing::chunked) {
    head.add("Transfer-Encoding: chunked\r\n");
  } else if (framing == Framing::length && response.status != 204 && response.status != 304) {
    const fmt::format_int length(response.body.size());
    head.add("Content-Length: ", std::string_view(length.data(), length.size()), "\r\n");
  }
  if (persistence == Persistence::keep_and_say) head.add("Connection: keep-alive\r\n");
  if (persistence == Persistence::close) head.add("Connection: close\r\n");
  if (framing == Framing::upgrade) head.add("Connection: Upgrade\r\n");
  head.add("\r\n");
}

void append_chunk(std::string& out, std::string_view piece) {
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", piece.size());
  out.append(piece).append("\r\n");
}

HttpResponse refusal(int status, std::string_view why) {
  std::string error(http_detail::reason_phrase(status));
  std::transform(error.begin(), error.end(), error.begin(),
                 [](char c) { return c == ' ' || c == '-' ? '_' : lower(c); });
  return HttpResponse(
      status, "application/json",
      fmt::format(R"({{"error":"{}","status_code":{},"message":"{}"}})", error, status, why));
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
