#pragma once

/// \file
/// Classes of bytes in a message head, tested up to sixteen bytes at a time. Internal.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__  // every x86-64 has it
#include <emmintrin.h>
#endif

namespace vx11 {
inline namespace v0 {
namespace http_detail {

/// A set of bytes.
class CharSet {
 public:
  constexpr explicit CharSet(std::string_view members) noexcept {
    for (const char c : members) has_[static_cast<unsigned char>(c)] = true;
  }
  constexpr bool operator()(char c) const noexcept { return has_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> has_{};
};

/// RFC 9110 §5.6.2.
inline constexpr CharSet is_token_char(
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

#ifdef __SSE2__
/// A one for each of the 16 bytes at `from` that is no letter, digit, hyphen or full stop, of which
/// nearly all tokens consist.
inline unsigned marks_unusual(const char* from) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
  const __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(lower, _mm_set1_epi8('a' - 1)),
                                        _mm_cmplt_epi8(lower, _mm_set1_epi8('z' + 1)));
  const __m128i digits = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('-' - 1)),
                                       _mm_cmplt_epi8(bytes, _mm_set1_epi8('9' + 1)));
  const __m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('/'));  // amid the digits
  const __m128i usual = _mm_or_si128(letters, _mm_andnot_si128(slashes, digits));
  return static_cast<unsigned>(_mm_movemask_epi8(usual)) ^ 0xFFFFU;
}

/// A one for each of the 16 bytes at `from` that is below `kLeast` or DEL.
template <unsigned char kLeast>
inline unsigned marks_below(const char* from) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const __m128i most = _mm_min_epu8(bytes, _mm_set1_epi8(kLeast - 1));
  const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(most, bytes), del)));
}
#endif

/// The first byte from `at` on that is not allowed in a token; `end` if there is none.
inline const char* skip_token(const char* at, const char* end) noexcept {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    const unsigned marks = marks_unusual(at);
    if (marks == 0) continue;
    at += std::countr_zero(marks);
    if (!is_token_char(*at)) return at;
    break;
  }
#endif
  for (; end - at >= 4; at += 4) {
    if (!is_token_char(at[0])) return at;
    if (!is_token_char(at[1])) return at + 1;
    if (!is_token_char(at[2])) return at + 2;
    if (!is_token_char(at[3])) return at + 3;
  }
  while (at != end && is_token_char(*at)) ++at;
  return at;
}

/// The length of the token that `text` begins with; 0 if there is none.
inline std::size_t token_size(std::string_view text) noexcept {
  const char* const begin = text.data();
  return static_cast<std::size_t>(skip_token(begin, begin + text.size()) - begin);
}

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

/// Removes leading spaces and tabs from `text`.
constexpr void skip_blanks(std::string_view& text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

/// Flags the bytes of eight that are below `kLeast` or DEL. Only the lowest flag is exact. The
/// byte-parallel tests are from H. Warren's "Hacker's Delight", section 6-1.
template <unsigned char kLeast>
constexpr std::uint64_t marks_below(std::uint64_t word) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = 0x8080808080808080;
  const std::uint64_t del = word ^ (kOnes * 0x7f);
  return (((word - kOnes * kLeast) & ~word) | ((del - kOnes) & ~del)) & kTops;
}

/// The first byte from `at` on that is below `kLeast` or DEL; `end` if there is none.
template <unsigned char kLeast>
inline const char* find_below(const char* at, const char* end) noexcept {
#ifdef __SSE2__
  const bool is_long = end - at >= 16;
  for (; end - at >= 16; at += 16) {
    const unsigned marks = marks_below<kLeast>(at);
    if (marks != 0) return at + std::countr_zero(marks);
  }
  if (is_long) {  // what is left, and bytes before it that were found to be none
    const unsigned marks = marks_below<kLeast>(end - 16);
    return marks == 0 ? end : end - 16 + std::countr_zero(marks);
  }
#endif
  for (std::uint64_t word = 0; end - at >= std::ptrdiff_t{sizeof word}; at += sizeof word) {
    std::memcpy(&word, at, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    const std::uint64_t marks = marks_below<kLeast>(word);
    if (marks != 0) return at + std::countr_zero(marks) / 8;
  }
  while (at != end && static_cast<unsigned char>(*at) >= kLeast && *at != 0x7f) ++at;
  return at;
}

/// The first control character other than tab from `at` on; `end` if there is none.
inline const char* find_control(const char* at, const char* end) noexcept {
  for (;; ++at) {
    at = find_below<' '>(at, end);
    if (at == end || *at != '\t') return at;
  }
}

inline bool has_control(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return find_control(text.data(), end) != end;
}

inline bool starts_with_crlf(const char* at, const char* end) noexcept {
  return end - at >= 2 && at[0] == '\r' && at[1] == '\n';
}

}  // namespace http_detail
}  // namespace v0
}  // namespace vx11
