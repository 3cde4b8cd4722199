#include "json/text.hpp"

#include <algorithm>
#include <array>

#include "json/utf8.hpp"

#if defined(__x86_64__) && defined(__GNUC__)  // also clang
#define VX11_WIDE_STEPS
#include <immintrin.h>
#endif

namespace vx11 {
inline namespace v0 {
namespace json {

namespace {

#ifdef VX11_WIDE_STEPS
constexpr std::size_t kWideBlock = 4 * sizeof(__m256i);

/// The plain bytes at the start of `text`, in whole blocks, by a processor with AVX2.
[[gnu::target("avx2")]] std::size_t plain_wide_blocks(std::string_view text) noexcept {
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i slash = _mm256_set1_epi8('\\');
  const __m256i space = _mm256_set1_epi8(' ');
  std::size_t end = 0;
  for (; text.size() - end >= kWideBlock; end += kWideBlock) {
    __m256i others = _mm256_setzero_si256();
    for (std::size_t i = 0; i < kWideBlock; i += sizeof(__m256i)) {
      const auto* const from = reinterpret_cast<const __m256i*>(text.data() + end + i);
      const __m256i bytes = _mm256_loadu_si256(from);
      // As `not_plain`: signed, so that bytes from 0x80 on are below a space.
      const __m256i low = _mm256_cmpgt_epi8(space, bytes);
      const __m256i named =
          _mm256_or_si256(_mm256_cmpeq_epi8(bytes, quote), _mm256_cmpeq_epi8(bytes, slash));
      others = _mm256_or_si256(others, _mm256_or_si256(low, named));
    }
    if (_mm256_movemask_epi8(others) != 0) break;
  }
  return end;
}

const bool kHasWideSteps = __builtin_cpu_supports("avx2") != 0;
#endif

std::size_t skip_plain(std::string_view text, std::size_t from) noexcept {
#ifdef VX11_WIDE_STEPS
  if (text.size() - from >= kWideBlock && kHasWideSteps) {
    from += plain_wide_blocks(text.substr(from));
  }
#endif
  while (text.size() - from >= kBlock && is_plain_block(text.data() + from)) from += kBlock;
  for (; text.size() - from >= kStep; from += kStep) {
    const std::size_t plain = plain_in_step(text.data() + from);
    if (plain != kStep) return from + plain;
  }
  if (text.size() >= kStep) {
    return from + plain_before(text.data() + text.size(), text.size() - from);
  }
  std::array<char, kStep> last{};  // zeros are not plain
  text.copy(last.data(), kStep, from);
  return from + plain_in_step(last.data());
}

constexpr std::size_t kUnitLength = 6;  // \uXXXX

/// The value of a hexadecimal digit, or -1.
constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The UTF-16 code unit of the \uXXXX that `text` begins with, or -1.
int code_unit(std::string_view text) noexcept {
  if (text.size() < kUnitLength || text[0] != '\\' || text[1] != 'u') return -1;
  int unit = 0;
  for (const char c : text.substr(2, kUnitLength - 2)) {
    const int digit = hex_digit(c);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

constexpr bool is_high_surrogate(int unit) noexcept {
  return unit >= 0xD800 && unit < 0xDC00;
}
constexpr bool is_low_surrogate(int unit) noexcept {
  return unit >= 0xDC00 && unit < 0xE000;
}
constexpr char32_t kReplacementCharacter = 0xFFFD;

/// The code point of the valid `escape`.
char32_t code_point(std::string_view escape) noexcept {
  if (escape.size() == 2) return static_cast<unsigned char>(named_escape(escape[1]));
  const auto first = static_cast<char32_t>(code_unit(escape));
  if (is_lone_surrogate(escape)) return kReplacementCharacter;
  if (escape.size() == kUnitLength) return first;
  const auto second = static_cast<char32_t>(code_unit(escape.substr(kUnitLength)));
  return 0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00);
}

/// Appends the character of the valid `escape`, as `append_string` does.
void append_rewritten(std::string& out, std::string_view escape) {
  const char32_t code = code_point(escape);
  std::array<char, kMostEscaped> bytes{};
  const bool plain = code >= 0x80 || is_plain(static_cast<unsigned char>(code));
  char* const end = plain ? utf8::write(bytes.data(), code)
                          : write_escaped(bytes.data(), static_cast<char>(code));
  out.append(bytes.data(), end);
}

/// Appends the string whose opening quote is at `at`, with its escapes as `append_string` writes
/// them.
/// \return the position after it
std::size_t append_canonical_string(std::string& out, std::string_view json, std::size_t at) {
  std::size_t copied = at;
  for (at = skip_plain_or_utf8(json, at + 1); json[at] == '\\';) {
    const std::size_t length = escape_length(json.substr(at));
    const std::string_view escape = json.substr(at, length);
    if ((length != 2 || json[at + 1] == '/') && !is_lone_surrogate(escape)) {
      out += json.substr(copied, at - copied);
      append_rewritten(out, escape);
      copied = at + length;
    }
    at = skip_plain_or_utf8(json, at + length);
  }
  out += json.substr(copied, at + 1 - copied);
  return at + 1;
}

}  // namespace

std::size_t skip_far(std::string_view text, std::size_t from) noexcept {
  for (;;) {
    from = skip_plain(text, from);
    if (from == text.size() || static_cast<unsigned char>(text[from]) < 0x80) return from;
    const std::size_t sequence = utf8::sequence_length(text.substr(from));
    if (sequence == 0) return from;
    from += sequence;
  }
}

std::size_t unicode_escape_length(std::string_view text) noexcept {
  const int unit = code_unit(text);
  if (unit < 0) return 0;
  if (!is_high_surrogate(unit)) return kUnitLength;
  return is_low_surrogate(code_unit(text.substr(kUnitLength))) ? 2 * kUnitLength : kUnitLength;
}

bool is_lone_surrogate(std::string_view escape) noexcept {
  if (escape.size() != kUnitLength) return false;
  const int unit = code_unit(escape);
  return is_high_surrogate(unit) || is_low_surrogate(unit);
}

std::size_t end_of_string(std::string_view json, std::size_t at) noexcept {
  for (at = skip_plain_or_utf8(json, at + 1); json[at] == '\\';) {
    at = skip_plain_or_utf8(json, at + 2);
  }
  return at + 1;
}

std::string decoded(std::string_view inside) {
  std::string out(inside.size(), '\0');  // decoding an escape never needs more bytes
  char* to = out.data();
  for (;;) {
    const std::size_t plain = std::min(inside.find('\\'), inside.size());
    to += inside.copy(to, plain);
    if (plain == inside.size()) break;
    const std::size_t length = escape_length(inside.substr(plain));
    to = utf8::write(to, code_point(inside.substr(plain, length)));
    inside.remove_prefix(plain + length);
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
  return out;
}

char* write_escaped(char* to, char c) noexcept {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kNamed = "\b\f\n\r\t\"\\";
  constexpr std::string_view kNames = "bfnrt\"\\";
  const auto code = static_cast<unsigned char>(c);
  if (code >= 0x80) return to + kReplacement.copy(to, kReplacement.size());
  *to++ = '\\';
  if (const auto at = kNamed.find(c); at != std::string_view::npos) {
    *to++ = kNames[at];
    return to;
  }
  for (const char digit : {'u', '0', '0', kHex[code >> 4U], kHex[code & 0xFU]}) *to++ = digit;
  return to;
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t plain = skip_plain_or_utf8(text, 0);
    out += text.substr(0, plain);
    if (plain == text.size()) break;
    std::array<char, kMostEscaped> escaped{};
    out.append(escaped.data(), write_escaped(escaped.data(), text[plain]));
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

std::string quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_string(out, text);
  return out;
}

void append_canonical(std::string& out, std::string_view json) {
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] == '"') {
      at = append_canonical_string(out, json, at);
    } else {
      if (!is_space(json[at])) out += json[at];
      ++at;
    }
  }
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
