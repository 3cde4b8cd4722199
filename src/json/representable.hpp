#pragma once

/// \file
/// JSON that a document library can hold. Internal; inline, because the C interface uses it, too.

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
    double value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool is_out_of_range = read.ec == std::errc::result_out_of_range;
    if (!is_out_of_range || is_small(digits)) return copy(digits.size());
    out_ += digits.front() == '-' ? "-1e308" : "1e308";
    at_ += digits.size();
  }

  /// Whether a number that no double holds is close to zero, which every library reads as zero.
  static bool is_small(std::string_view digits) noexcept {
    const std::size_t exponent = digits.find_first_of("eE");
    if (exponent != std::string_view::npos) return digits.substr(exponent + 1).starts_with('-');
    return digits.find_first_not_of("-0.") > digits.find('.');
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
