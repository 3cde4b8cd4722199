#pragma once

/// \file
/// Ids of traces as lower-case hexadecimal digits, without branches: each request writes some.
/// Internal.

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

namespace vx11 {
inline namespace v0 {
namespace tracing {

/// The value of a lower-case digit; -1: it is none.
constexpr int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// The 8 digits of a number of 32 bits, as a word in the order of the memory.
constexpr std::uint64_t digits_of(std::uint32_t value) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  std::uint64_t spread = value;  // each digit into a byte of its own, the highest one first
  spread = (spread & 0xFFFF0000U) << 16U | (spread & 0xFFFFU);
  spread = (spread & 0x0000FF000000FF00U) << 8U | (spread & 0x000000FF000000FFU);
  spread = (spread & 0x00F000F000F000F0U) << 4U | (spread & 0x000F000F000F000FU);
  const std::uint64_t letters = (spread + 6 * kOnes) >> 4U & kOnes;
  const std::uint64_t text = spread + '0' * kOnes + letters * ('a' - '0' - 10);
  if constexpr (std::endian::native == std::endian::big) return text;
  return __builtin_bswap64(text);
}

/// Writes 16 digits.
inline void write_hex(std::uint64_t value, char* to) noexcept {
  const std::uint64_t high = digits_of(static_cast<std::uint32_t>(value >> 32U));
  const std::uint64_t low = digits_of(static_cast<std::uint32_t>(value));
  std::memcpy(to, &high, sizeof high);
  std::memcpy(to + sizeof high, &low, sizeof low);
}

/// Reads 16 digits; none if one of them is no lower-case digit.
inline std::optional<std::uint64_t> read_hex(const char* from) noexcept {
  std::uint64_t value = 0;
  int bad = 0;
  for (int i = 0; i < 16; ++i) {
    const int digit = digit_of(from[i]);
    bad |= digit;
    value = value << 4U | (static_cast<unsigned>(digit) & 15U);
  }
  if (bad < 0) return std::nullopt;
  return value;
}

}  // namespace tracing
}  // namespace v0
}  // namespace vx11
