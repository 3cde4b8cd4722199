#include "http/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>

namespace vx11 {
inline namespace v0 {

namespace {

using std::chrono::seconds;
using Date = std::chrono::sys_seconds;

std::optional<int> digits(std::string_view text) noexcept {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<std::chrono::month> month(std::string_view name) noexcept {
  constexpr std::string_view kNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto at = kNames.find(name);
  if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  return std::chrono::month(static_cast<unsigned>(at / 3 + 1));
}

/// The preferred form of RFC 9110 §5.6.7, "Sun, 06 Nov 1994 08:49:37 GMT". The two obsolete ones
/// are not read.
std::optional<Date> parse_date(std::string_view text) noexcept {
  if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
  const auto day = digits(text.substr(5, 2));
  const auto name = month(text.substr(8, 3));
  const auto year = digits(text.substr(12, 4));
  const auto hour = digits(text.substr(17, 2));
  const auto minute = digits(text.substr(20, 2));
  const auto second = digits(text.substr(23, 2));
  if (!day || !name || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), *name,
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         seconds(*second);
}

std::optional<seconds> parse_seconds(std::string_view text) noexcept {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  long value = 0;
  const auto failed = std::from_chars(text.data(), text.data() + text.size(), value).ec;
  return failed == std::errc() ? seconds(value) : kMaxRetryAfter;  // all digits, so it is too large
}

}  // namespace

std::optional<Duration> retry_after(const HttpResponse& response) noexcept {
  if (response.status != 429 && response.status != 503) return std::nullopt;
  const std::string_view text = response.headers.get("Retry-After");
  std::optional<seconds> wait = parse_seconds(text);
  if (!wait) {
    const auto until = parse_date(text);
    const auto from = parse_date(response.headers.get("Date"));
    if (!until || !from) return std::nullopt;
    wait = *until - *from;
  }
  return std::clamp(*wait, seconds(1), kMaxRetryAfter);
}

}  // namespace v0
}  // namespace vx11
