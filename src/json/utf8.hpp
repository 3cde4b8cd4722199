#pragma once

/// \file
/// UTF-8 encoding and validation. Internal.

#include <cstddef>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace utf8 {

/// The length of the UTF-8 sequence at the start of `text`, or 0 if it is invalid (RFC 3629 §4:
/// overlong forms, surrogates and code points beyond U+10FFFF are invalid).
inline std::size_t sequence_length(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return text.empty() ? 0 : 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool second = follows(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool second = follows(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// Writes `code`, which must not be a surrogate; needs room for 4 bytes.
/// \return the position after it
inline char* write(char* to, char32_t code) noexcept {
  const auto put = [&to](char32_t byte) { *to++ = static_cast<char>(byte); };
  const auto follow = [&](unsigned shift) { put(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    follow(0);
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    follow(6);
    follow(0);
  } else {
    put(0xF0U | (code >> 18U));
    follow(12);
    follow(6);
    follow(0);
  }
  return to;
}

}  // namespace utf8
}  // namespace v0
}  // namespace vx11
