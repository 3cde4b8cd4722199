#pragma once

/// \file
/// JSON that a document library can hold. Internal; inline, because the C interface uses it, too.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace json {

/// Copies JSON, valid or not, and replaces what RFC 8259 allows and nlohmann_json refuses.
class Representable {
 public:
  explicit Representable(std::string_view json) : json_(json) { out_.reserve(json.size()); }

  std::string text() && {
    while (at_ < json_.size()) token();
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kUnitLength = 6;  // \uXXXX
  static constexpr int kHigh = 0xD800;
  static constexpr int kLow = 0xDC00;
  static constexpr int kEnd = 0xE000;

  void token() {
    const char c = json_[at_];
    if (c == '"') return string();
    if (c == '-' || (c >= '0' && c <= '9')) return number();
    copy(1);
  }

  void number() {
    const std::size_t end = json_.find_first_not_of("0123456789+-.eE", at_);
    const std::string_view digits = json_.substr(at_, end - at_);
    if (!is_too_large(digits)) return copy(digits.size());
    out_ += digits.front() == '-' ? "-1e308" : "1e308";
    at_ += digits.size();
  }

  /// Whether all of `digits` is a JSON number, and beyond the largest double. One that is too close
  /// to zero for a double is not: every library reads it as zero.
  static bool is_too_large(std::string_view digits) noexcept {
    double value = 0;
    const char* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, value);
    return read.ec == std::errc::result_out_of_range && read.ptr == end && is_json(digits) &&
           power_of_ten(digits) > 0;
  }

  /// Of a text that `std::from_chars` reads to its end. That accepts zeros in front, and a point
  /// without digits on both sides.
  static bool is_json(std::string_view digits) noexcept {
    if (digits.starts_with('-')) digits.remove_prefix(1);
    const std::size_t whole = digits.substr(0, digits.find_first_of(".eE")).size();
    const std::string_view rest = digits.substr(whole);
    const bool has_fraction = rest.size() > 1 && rest[1] >= '0' && rest[1] <= '9';
    return whole != 0 && (whole == 1 || digits[0] != '0') &&
           (!rest.starts_with('.') || has_fraction);
  }

  /// Of the first digit that is not zero: 3 for 123.4 and for 12e1, -1 for 0.01.
  static long long power_of_ten(std::string_view digits) noexcept {
    const std::size_t e = std::min(digits.find_first_of("eE"), digits.size());
    const std::string_view mantissa = digits.substr(0, e);
    const auto point = static_cast<long long>(std::min(mantissa.find('.'), mantissa.size()));
    const auto first = static_cast<long long>(mantissa.find_first_of("123456789"));
    return point - first + (first > point ? 1 : 0) + exponent(digits.substr(e));
  }

  /// \param text with its `e`; empty: the exponent is 0
  static long long exponent(std::string_view text) noexcept {
    constexpr long long kMost = 1LL << 60U;
    text.remove_prefix(std::min(text.find_first_of("-0123456789"), text.size()));
    long long value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec == std::errc::result_out_of_range) return text.starts_with('-') ? -kMost : kMost;
    return std::clamp(value, -kMost, kMost);
  }

  void string() {
    copy(1);
    while (at_ < json_.size() && json_[at_] != '"') {
      json_[at_] == '\\' ? escape() : copy(1);
    }
    copy(1);
  }

  void escape() {
    const int unit = unit_at(at_);
    const int next = unit_at(at_ + kUnitLength);
    if (unit < kHigh || unit >= kEnd) return copy(2);
    if (unit < kLow && next >= kLow && next < kEnd) return copy(2 * kUnitLength);
    out_ += "\\ufffd";
    at_ += kUnitLength;
  }

  /// The value of the \uXXXX at `at`, or -1.
  int unit_at(std::size_t at) const noexcept {
    if (at >= json_.size()) return -1;
    const std::string_view unit = json_.substr(at, kUnitLength);
    if (unit.size() != kUnitLength || !unit.starts_with("\\u")) return -1;
    int value = -1;
    const char* const end = unit.data() + unit.size();
    const auto read = std::from_chars(unit.data() + 2, end, value, 16);
    return read.ptr == end ? value : -1;
  }

  void copy(std::size_t bytes) {
    out_ += json_.substr(at_, bytes);
    at_ += json_.substr(at_, bytes).size();
  }

  std::string_view json_;
  std::size_t at_ = 0;
  std::string out_ = {};
};

/// `json` with U+FFFD in the place of lone surrogates, and numbers beyond double as ±1e308. For a
/// reader that needs a document: what it looks for must not be refused because of the rest.
inline std::string representable(std::string_view json) {
  return Representable(json).text();
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
