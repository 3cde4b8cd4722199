#pragma once

/// \file
/// What the bytes of a message's head are made of, eight at a time. Internal.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

constexpr bool is_visible_or_space(char c) noexcept {
  return c >= ' ' && c <= '~';
}
/// A tab is none.
constexpr bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

/// Zero only if no byte of `word` is below a space or a DEL. The byte-parallel tests are those of
/// H. Warren's "Hacker's Delight", section 6-1.
constexpr std::uint64_t control_bits(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x8080808080808080;
  const std::uint64_t del = word ^ (kOnes * 0x7f);
  return (((word - kOnes * 0x20) & ~word) | ((del - kOnes) & ~del)) & kTops;
}

/// All words of `text` or-ed together after `test`, the last one overlapping; `text` has at least
/// eight bytes.
template <class Test>
std::uint64_t any_word(std::string_view text, Test test) noexcept {
  std::uint64_t word = 0;
  std::uint64_t found = 0;
  for (std::size_t at = 0; at + sizeof word < text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    found |= test(word);
  }
  std::memcpy(&word, text.data() + text.size() - sizeof word, sizeof word);
  return found | test(word);
}

inline bool is_all_visible_or_space(std::string_view text) noexcept {
  if (text.size() < 8) return std::all_of(text.begin(), text.end(), is_visible_or_space);
  constexpr std::uint64_t kTops = 0x8080808080808080;
  return any_word(text, [](std::uint64_t w) { return control_bits(w) | (w & kTops); }) == 0;
}

inline bool has_control(std::string_view text) noexcept {
  if (text.size() >= 8 && any_word(text, control_bits) == 0) return false;
  return std::any_of(text.begin(), text.end(), is_control);
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
