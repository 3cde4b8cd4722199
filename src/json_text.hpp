#pragma once

/// \file
/// The inside of JSON strings, many bytes at a time. Internal.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "utf8.hpp"

namespace vx11::inline v0::json {

/// Whether `c` is ASCII that may stand in a JSON string as it is.
constexpr bool is_plain(unsigned char c) noexcept {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/// The top bit of each byte of `word` that is not plain; bits above the first such byte may lie.
/// The byte-parallel tests for "less than" and "equals zero" are those of H. Warren's "Hacker's
/// Delight", section 6-1.
constexpr std::uint64_t not_plain(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x8080808080808080;
  const std::uint64_t quote = word ^ (kOnes * '"');
  const std::uint64_t slash = word ^ (kOnes * '\\');
  return (word | ((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) |
          ((slash - kOnes) & ~slash)) &
         kTops;
}

/// The 1 to 7 bytes at `from` as the lower bytes of a word, the others zero; the reads overlap.
inline std::uint64_t load_few(const char* from, std::size_t bytes) noexcept {
  if (bytes >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, from, 4);
    std::memcpy(&last, from + bytes - 4, 4);
    return first | std::uint64_t{last} << (8 * (bytes - 4));
  }
  const auto byte = [=](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
  };
  return byte(0) | byte(bytes / 2) | byte(bytes - 1);
}

/// How much of `text`, from `from` on, is plain: the position of the first byte that is not.
inline std::size_t skip_plain(std::string_view text, std::size_t from) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    for (std::uint64_t word = 0; from + sizeof word <= text.size(); from += sizeof word) {
      std::memcpy(&word, text.data() + from, sizeof word);
      const std::uint64_t found = not_plain(word);
      if (found != 0) return from + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
    if (from == text.size()) return from;
    // The zeros behind the last bytes are not plain, so something is found in any case.
    const std::uint64_t found = not_plain(load_few(text.data() + from, text.size() - from));
    return from + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  while (from < text.size() && is_plain(static_cast<unsigned char>(text[from]))) ++from;
  return from;
}

/// The same, with well-formed UTF-8 counted as plain.
inline std::size_t skip_plain_or_utf8(std::string_view text, std::size_t from) noexcept {
  for (;;) {
    from = skip_plain(text, from);
    if (from == text.size() || static_cast<unsigned char>(text[from]) < 0x80) return from;
    const std::size_t sequence = utf8::sequence_length(text.substr(from));
    if (sequence == 0) return from;
    from += sequence;
  }
}

}  // namespace vx11::inline v0::json
