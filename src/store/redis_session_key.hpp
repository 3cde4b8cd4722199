#pragma once

/// \file
/// The key of a session in Redis. Internal.

#include <array>
#include <cstddef>
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
  constexpr std::array<bool, 256> kIsPlain = [] {
    std::array<bool, 256> plain{};
    for (const unsigned char c : std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                  "abcdefghijklmnopqrstuvwxyz-._~")) {
      plain[c] = true;
    }
    return plain;
  }();
  std::string key;
  key.reserve(prefix.size() + id.size() + 2);
  key.append(prefix) += '{';
  std::size_t plain_from = 0;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const auto byte = static_cast<unsigned char>(id[i]);
    if (kIsPlain[byte]) continue;
    key.append(id, plain_from, i - plain_from);
    key.append({'%', kDigits[byte >> 4U], kDigits[byte & 0x0FU]});
    plain_from = i + 1;
  }
  return key.append(id, plain_from) += '}';
}

}  // namespace redis_sessions
}  // namespace v0
}  // namespace vx11
