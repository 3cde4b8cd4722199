#pragma once

/// \file
/// The key of a session in Redis. Internal.

#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace redis_sessions {

/// `prefix{id}`, in which all bytes of the id but letters, digits, `-`, `.`, `_` and `~` are
/// percent-encoded. An id that begins with `}` would otherwise empty the hash tag, and other bytes
/// would break lines of `redis-cli` and of logs.
inline std::string key_of(std::string_view prefix, std::string_view id) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string key(prefix);
  key.reserve(prefix.size() + id.size() + 2);
  key += '{';
  for (const char c : id) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain) {
      key += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      key.append({'%', kDigits[byte >> 4U], kDigits[byte & 0x0FU]});
    }
  }
  return key += '}';
}

}  // namespace redis_sessions
}  // namespace v0
}  // namespace vx11
