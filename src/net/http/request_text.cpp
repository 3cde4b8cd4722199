#include "net/http/request_text.hpp"

#include <vx11/version.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "net/http/append_all.hpp"
#include "net/http/char_class.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

bool has_control_or(std::string_view text, char also) noexcept {
  return has_control(text) || text.find(also) != std::string_view::npos;
}

bool is_ours(std::string_view name) noexcept {
  for (const std::string_view own : {"Host", "Content-Length", "Transfer-Encoding", "Connection"}) {
    if (equals_ignoring_case(name, own)) return true;
  }
  return false;
}

}  // namespace

bool is_sendable(const HttpRequest& request) noexcept {
  if (request.method.empty() || has_control_or(request.method, ' ')) return false;
  if (!request.target.starts_with('/') || has_control_or(request.target, ' ')) return false;
  return std::none_of(request.headers.begin(), request.headers.end(), [](const Header& header) {
    return header.name.empty() || has_control_or(header.name, ':') || has_control(header.value);
  });
}

void write_request(std::string& out, const HttpRequest& request, std::string_view authority) {
  out.clear();
  append_all(out, request.method, " ", request.target, " HTTP/1.1\r\nHost: ", authority, "\r\n");
  bool agent = false;
  for (const Header header : request.headers) {
    if (is_ours(header.name)) continue;
    agent = agent || equals_ignoring_case(header.name, "User-Agent");
    append_all(out, header.name, ": ", header.value, "\r\n");
  }
  if (!agent) out.append("User-Agent: libvx11/" VX11_VERSION_STRING "\r\n");
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    const fmt::format_int length(request.body.size());
    append_all(out, "Content-Length: ", std::string_view(length.data(), length.size()), "\r\n");
  }
  append_all(out, "\r\n", request.body);
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
