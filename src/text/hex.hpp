#pragma once

/// \file
/// Bytes as hexadecimal digits. Internal.

#include <cstddef>
#include <string>

namespace vx11 {
inline namespace v0 {

/// The first `count` bytes.
template <class Bytes>
std::string hex_of(const Bytes& bytes, std::size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace v0
}  // namespace vx11
