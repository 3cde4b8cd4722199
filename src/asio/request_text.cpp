#include "request_text.hpp"

#include <vx11/version.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace vx11::inline v0::asio_detail {

namespace {

bool has_control_or(std::string_view text, char also) noexcept {
  return std::any_of(text.begin(), text.end(), [=](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f || c == also;
  });
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
    return header.name.empty() || has_control_or(header.name, ':') ||
           has_control_or(header.value, '\n');
  });
}

void write_request(std::string& out, const HttpRequest& request, std::string_view authority) {
  out.assign(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ");
  out.append(authority).append("\r\n");
  bool agent = false;
  for (const Header& header : request.headers) {
    if (is_ours(header.name)) continue;
    agent = agent || equals_ignoring_case(header.name, "User-Agent");
    out.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (!agent) out.append("User-Agent: libvx11/" VX11_VERSION_STRING "\r\n");
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    out.append("Content-Length: ")
        .append(fmt::format_int(request.body.size()).c_str())
        .append("\r\n");
  }
  out.append("\r\n").append(request.body);
}

bool is_idempotent(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE";
}

}  // namespace vx11::inline v0::asio_detail
