#pragma once

/// \file
/// The format of tokens. Internal.

#include <cstddef>
#include <string_view>

namespace vx11 {
inline namespace v0 {

inline constexpr std::string_view kTokenPrefix = "vx11_";
/// 43 digits of base62 hold 256 bits.
inline constexpr std::size_t kRandomDigits = 43;
/// 6 digits of base62 hold a CRC-32.
inline constexpr std::size_t kChecksumDigits = 6;
/// 54: with the padding of SHA-256 it fits one block of 64 bytes.
inline constexpr std::size_t kTokenBytes = kTokenPrefix.size() + kRandomDigits + kChecksumDigits;

}  // namespace v0
}  // namespace vx11
