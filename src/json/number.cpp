#include "json/number.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <system_error>

namespace vx11 {
inline namespace v0 {
namespace json {

namespace {

/// The decimal exponent of the first nonzero digit of `number`, with or without an exponent part: 2
/// for 123, 12.3e1 and 0.0123e4.
std::int64_t magnitude(std::string_view number) noexcept {
  constexpr std::int64_t kFar = std::int64_t{1} << 62U;  // beyond any number of digits
  const std::size_t e = std::min(number.find_first_of("eE"), number.size());
  const std::string_view digits = number.substr(0, e);
  const auto point = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<std::int64_t>(digits.find_first_of("123456789"));
  std::int64_t exponent = 0;
  if (e < number.size()) {
    std::string_view text = number.substr(e + 1);
    if (text.front() == '+') text.remove_prefix(1);
    const auto end = text.data() + text.size();
    const bool fits = std::from_chars(text.data(), end, exponent).ec == std::errc();
    if (!fits) exponent = text.front() == '-' ? -kFar : kFar;
  }
  return std::clamp(exponent, -kFar, kFar) + point - first - (point > first ? 1 : 0);
}

}  // namespace

bool is_finite(std::string_view number) noexcept {
  double value = 0;
  const auto error = std::from_chars(number.data(), number.data() + number.size(), value).ec;
  return error == std::errc() ? std::isfinite(value) : magnitude(number) < 0;
}

}  // namespace json
}  // namespace v0
}  // namespace vx11
