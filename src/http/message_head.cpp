#include <vx11/http/detail/message_head.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "http/append_all.hpp"
#include "http/char_class.hpp"

namespace vx11 {
inline namespace v0 {
namespace http_detail {

namespace {

bool is_target(std::string_view target) noexcept {
  const auto visible = [](char c) { return c > ' ' && c <= '~'; };
  return (target.starts_with('/') || target == "*") &&
         std::all_of(target.begin(), target.end(), visible);
}

bool is_transports(std::string_view name) noexcept {
  for (const std::string_view own :
       {"Connection", "Content-Length", "Expect", "Transfer-Encoding"}) {
    if (equals_ignoring_case(name, own)) return true;
  }
  return false;
}

/// RFC 9110 §8.6: methods that usually have a body need a Content-Length even for an empty one.
bool names_length(const HttpRequest& request) noexcept {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
         request.method == "PATCH";
}

}  // namespace

bool is_token(std::string_view text) noexcept {
  return !text.empty() && token_size(text) == text.size();
}

bool is_field_value(std::string_view text) noexcept {
  return !has_control(text);
}

std::string_view mistake_in(const HttpRequest& request) noexcept {
  if (!is_token(request.method)) return "the method is not a token";
  if (request.method == "CONNECT") return "CONNECT makes a tunnel, which has no response";
  if (!is_target(request.target)) return "the target is not a path of visible ASCII";
  std::size_t hosts = 0;
  for (const Header header : request.headers) {
    if (!is_token(header.name)) return "a header's name is not a token";
    if (!is_field_value(header.value)) return "a header's value has control characters";
    hosts += equals_ignoring_case(header.name, "Host") ? 1 : 0;
  }
  return hosts > 1 ? "more than one Host" : std::string_view();
}

void append_request_head(std::string& out, const HttpRequest& request, std::string_view authority,
                         std::string_view user_agent) {
  const std::string_view host = request.headers.get("Host", authority);
  append_all(out, request.method, " ", request.target, " HTTP/1.1\r\nHost: ", host, "\r\n");
  bool has_agent = false;
  bool has_coding = false;
  for (const Header header : request.headers) {
    if (is_transports(header.name) || equals_ignoring_case(header.name, "Host")) continue;
    has_agent = has_agent || equals_ignoring_case(header.name, "User-Agent");
    has_coding = has_coding || equals_ignoring_case(header.name, "Accept-Encoding");
    append_all(out, header.name, ": ", header.value, "\r\n");
  }
  if (!has_agent && is_field_value(user_agent)) {
    append_all(out, "User-Agent: ", user_agent, "\r\n");
  }
  // Without the field any coding is acceptable (RFC 9110 §12.5.3), and nothing here decodes one.
  if (!has_coding) out.append("Accept-Encoding: identity\r\n");
  if (names_length(request)) {
    const fmt::format_int length(request.body.size());
    append_all(out, "Content-Length: ", std::string_view(length.data(), length.size()), "\r\n");
  }
  out.append("\r\n");
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
