#pragma once

/// \file
/// Whether a text is a host and port, as in Host and in the authority of a target. Internal.

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "http/char_class.hpp"

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// The characters of a name or an IPv4 address (RFC 3986 §3.2.2).
inline constexpr CharSet is_host_char(
    "-._~%!$&'()*+,;=0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
inline constexpr CharSet is_port_char("0123456789");

/// The size of the host in front of `text`: a name, or an IP address in brackets.
/// \return `npos` if the closing bracket is missing
inline std::size_t host_size(std::string_view text) noexcept {
  const bool in_brackets = text.starts_with('[');
  const auto is_inside = [=](char c) { return is_host_char(c) || (in_brackets && c == ':'); };
  const auto end = std::find_if_not(text.begin() + (in_brackets ? 1 : 0), text.end(), is_inside);
  const auto size = static_cast<std::size_t>(end - text.begin());
  if (!in_brackets) return size;
  return end != text.end() && *end == ']' ? size + 1 : std::string_view::npos;
}

/// `host [":" port]` of RFC 9110 §7.2, empty ones included; userinfo is deliberately excluded.
inline bool is_host_and_port(std::string_view text) noexcept {
  const std::size_t host = host_size(text);
  if (host == std::string_view::npos) return false;
  text.remove_prefix(host);
  if (text.empty()) return true;
  return text.front() == ':' && std::all_of(text.begin() + 1, text.end(), is_port_char);
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
