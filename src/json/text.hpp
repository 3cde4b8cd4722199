#pragma once

/// \file
/// JSON strings: validation of many bytes at a time, and escapes. Internal.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#ifdef __SSE2__  // every x86-64 has it
#include <emmintrin.h>
#endif

namespace vx11 {
inline namespace v0 {
namespace json {

/// Whether `c` is ASCII that needs no escape in a JSON string ("plain").
constexpr bool is_plain(unsigned char c) noexcept {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/// The number of bytes tested in one step; all of them must be readable.
#ifdef __SSE2__
inline constexpr std::size_t kStep = 16;

/// Ones in each of the 16 bytes at `from` that is not plain.
inline __m128i not_plain(const char* from) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  // Signed comparison: bytes from 0x80 on are also below a space.
  const __m128i others = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));
  return _mm_or_si128(_mm_or_si128(quote, slash), others);
}

/// The number of plain bytes at the start of the `kStep` bytes at `from`.
inline std::size_t plain_in_step(const char* from) noexcept {
  const auto found = static_cast<unsigned>(_mm_movemask_epi8(not_plain(from)));
  return static_cast<std::size_t>(std::countr_zero(found | 1U << kStep));
}

/// The number of plain bytes at the start of the last `left` bytes before `end`: at most `kStep`,
/// which must be readable there.
inline std::size_t plain_before(const char* end, std::size_t left) noexcept {
  const auto found = static_cast<unsigned>(_mm_movemask_epi8(not_plain(end - kStep)));
  return static_cast<std::size_t>(std::countr_zero(found >> (kStep - left) | 1U << left));
}

/// Whether the four steps at `from` are plain: tested together, for long texts.
inline bool is_plain_block(const char* from) noexcept {
  const __m128i first = _mm_or_si128(not_plain(from), not_plain(from + kStep));
  const __m128i second = _mm_or_si128(not_plain(from + 2 * kStep), not_plain(from + 3 * kStep));
  return _mm_movemask_epi8(_mm_or_si128(first, second)) == 0;
}
#else
inline constexpr std::size_t kStep = 8;

/// Sets the top bit of each byte of `word` that is not plain; bits above the first such byte may be
/// wrong. The byte-parallel tests for "less than" and "equals zero" are from H. Warren's "Hacker's
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

/// The number of plain bytes at the start of the `kStep` bytes at `from`.
inline std::size_t plain_in_step(const char* from) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  const std::uint64_t found = not_plain(word);
  if constexpr (std::endian::native == std::endian::little) {
    return static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  std::size_t plain = 0;  // the first byte is on top, where bits may be wrong
  while (found != 0 && plain < kStep && is_plain(static_cast<unsigned char>(from[plain]))) ++plain;
  return found == 0 ? kStep : plain;
}

/// The number of plain bytes at the start of the last `left` bytes before `end`: at most `kStep`.
inline std::size_t plain_before(const char* end, std::size_t left) noexcept {
  const char* const from = end - left;
  std::size_t plain = 0;
  while (plain < left && is_plain(static_cast<unsigned char>(from[plain]))) ++plain;
  return plain;
}

/// Whether the four steps at `from` are plain.
inline bool is_plain_block(const char* from) noexcept {
  std::size_t step = 0;
  while (step < 4 && plain_in_step(from + step * kStep) == kStep) ++step;
  return step == 4;
}
#endif

inline constexpr std::size_t kBlock = 4 * kStep;

/// Whether the `size` bytes at `from` are plain; `kStep` bytes after them must be readable.
inline bool all_plain(const char* from, std::size_t size) noexcept {
  for (; size > kStep; from += kStep, size -= kStep) {
    if (plain_in_step(from) != kStep) return false;
  }
  return plain_in_step(from) >= size;
}

/// The position of the first byte of `text`, from `from` on, that is neither plain nor part of
/// well-formed UTF-8.
std::size_t skip_far(std::string_view text, std::size_t from) noexcept;

/// The same, fast when the position is near, as for nearly every string.
inline std::size_t skip_plain_or_utf8(std::string_view text, std::size_t from) noexcept {
  if (text.size() < kStep) return skip_far(text, from);
  const std::size_t left = text.size() - from;
  const std::size_t end = from + (left < kStep ? plain_before(text.data() + text.size(), left)
                                               : plain_in_step(text.data() + from));
  if (end == text.size()) return end;
  const bool is_end = end != from + kStep && static_cast<unsigned char>(text[end]) < 0x80;
  return is_end ? end : skip_far(text, end);
}

/// The character that a backslash and this byte encode; 0 if none, and for `u`.
inline constexpr auto kNamedEscapes = [] {
  std::array<char, 256> table{};
  table['"'] = '"', table['\\'] = '\\', table['/'] = '/';
  table['b'] = '\b', table['f'] = '\f', table['n'] = '\n', table['r'] = '\r', table['t'] = '\t';
  return table;
}();

constexpr char named_escape(char c) noexcept {
  return kNamedEscapes[static_cast<unsigned char>(c)];
}

/// The length of the \uXXXX that `text` begins with, or of two that form a surrogate pair; 0 for
/// anything else.
std::size_t unicode_escape_length(std::string_view text) noexcept;

/// The length of the escape (RFC 8259 §7) at the start of `text`, which begins with a backslash; 0
/// if it is invalid.
inline std::size_t escape_length(std::string_view text) noexcept {
  if (text.size() < 2) return 0;
  return named_escape(text[1]) != '\0' ? 2 : unicode_escape_length(text);
}

/// Whether the valid `escape` is half of a surrogate pair: RFC 8259 §8.2 allows it, and no UTF-8
/// text can hold it.
bool is_lone_surrogate(std::string_view escape) noexcept;

/// Decodes the inside of a JSON string; a lone surrogate becomes U+FFFD.
/// \param inside must have valid escapes only
std::string decoded(std::string_view inside);

/// Appends `text` as a JSON string with its quotes. Valid UTF-8 is copied; invalid bytes become
/// U+FFFD, so that the output is always valid.
void append_string(std::string& out, std::string_view text);

/// The largest output for a byte that has to be escaped.
inline constexpr std::size_t kMostEscaped = 6;
/// Writes such a byte.
/// \return the position after it
char* write_escaped(char* to, char c) noexcept;

/// `append_string` on an empty string.
std::string quoted(std::string_view text);

/// The position after the string whose opening quote is at `at`, in valid JSON.
std::size_t end_of_string(std::string_view json, std::size_t at) noexcept;

/// Whitespace between JSON tokens.
constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/// Appends `json`, which must be valid, without whitespace between its tokens and with its strings
/// as `append_string` writes them; lone surrogates stay escaped as they are.
void append_canonical(std::string& out, std::string_view json);

}  // namespace json
}  // namespace v0
}  // namespace vx11
