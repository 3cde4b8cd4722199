#include <vx11/http/detail/control_fields.hpp>
#include <vx11/http/detail/message_head.hpp>

#include <algorithm>
#include <cstdint>

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

/// Whether the name is a token. In `Headers` a NUL and the value follow it, so that it is tested
/// without regard to its end.
bool has_token(const Header& header) noexcept {
  const char* const name = header.name.data();
  const char* const after = header.value.data() + header.value.size();
  return !header.name.empty() && skip_token(name, after) == name + header.name.size();
}

/// The fields of a request that its head treats in another way than the rest.
enum class Field : std::uint8_t { any, transports, host, user_agent, accept_encoding };

/// \param name a token
Field field_of(std::string_view name) noexcept {
  const auto is = [=](const auto& lower, Field field) {
    return is_name(name, lower) ? field : Field::any;
  };
  switch (name.size()) {
    case 4:
      return is("host", Field::host);
    case 6:
      return is("expect", Field::transports);
    case 10:
      return is_name(name, "connection") ? Field::transports : is("user-agent", Field::user_agent);
    case 14:
      return is("content-length", Field::transports);
    case 15:
      return is("accept-encoding", Field::accept_encoding);
    case 17:
      return is("transfer-encoding", Field::transports);
    default:
      return Field::any;
  }
}

/// RFC 9110 §8.6: methods that usually have a body need a Content-Length even for an empty one.
bool names_length(const HttpRequest& request) noexcept {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
         request.method == "PATCH";
}

/// The most bytes that a head has besides its request, the host and the user agent.
constexpr std::size_t kMostBesides = 128;

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
    if (!has_token(header)) return "a header's name is not a token";
    if (!is_field_value(header.value)) return "a header's value has control characters";
    hosts += field_of(header.name) == Field::host ? 1 : 0;
  }
  return hosts > 1 ? "more than one Host" : std::string_view();
}

void append_request_head(std::string& out, const HttpRequest& request, std::string_view authority,
                         std::string_view user_agent) {
  const std::string_view host = request.headers.get("Host", authority);
  Appender head(out, kMostBesides + request.method.size() + request.target.size() + host.size() +
                         user_agent.size() + size_of_lines(request.headers));
  head.add(std::string_view(request.method), " ", std::string_view(request.target),
           " HTTP/1.1\r\nHost: ", host, "\r\n");
  bool has_agent = false;
  bool has_coding = false;
  for (const Header header : request.headers) {
    const Field field = field_of(header.name);
    if (field == Field::transports || field == Field::host) continue;
    has_agent = has_agent || field == Field::user_agent;
    has_coding = has_coding || field == Field::accept_encoding;
    head.add(header.name, ": ", header.value, "\r\n");
  }
  if (!has_agent && is_field_value(user_agent)) {
    head.add("User-Agent: ", user_agent, "\r\n");
  }
  // Without the field any coding is acceptable (RFC 9110 §12.5.3), and nothing here decodes one.
  if (!has_coding) head.add("Accept-Encoding: identity\r\n");
  if (!names_length(request)) return head.add("\r\n");
  const fmt::format_int length(request.body.size());
  head.add("Content-Length: ", std::string_view(length.data(), length.size()), "\r\n\r\n");
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
