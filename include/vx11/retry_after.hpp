#pragma once

/// \file
/// Parsing of the Retry-After header (RFC 9110 §10.2.3).

#include <vx11/clock.hpp>
#include <vx11/verdict.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {

namespace detail {

/// Parses an unsigned decimal number, saturated at the largest supported value.
constexpr std::optional<std::int64_t> parse_count(std::string_view text) noexcept {
  constexpr std::int64_t kLargest = INT64_MAX / 1'000'000'000;  // still fits in nanoseconds
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value > kLargest ? value : value * 10 + (c - '0');
  }
  return value > kLargest ? kLargest + 1 : value;
}

constexpr std::optional<int> parse_month(std::string_view name) noexcept {
  constexpr std::string_view kNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t at = kNames.find(name);
  if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  return static_cast<int>(at / 3) + 1;
}

constexpr std::int64_t days_in_month(std::int64_t year, int month) noexcept {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

/// Days since 0000-03-01; years start in March, so that the leap day comes last.
constexpr std::int64_t day_number(std::int64_t year, int month, std::int64_t day) noexcept {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t m = month <= 2 ? month + 9 : month - 3;
  const std::int64_t century = y >= 0 ? y / 100 : -1;
  const std::int64_t leaps = (y >= 0 ? y / 4 : -1) - century + (y >= 0 ? y / 400 : -1);
  return y * 365 + leaps + (153 * m + 2) / 5 + day - 1;
}

/// Parses the preferred form of RFC 9110 §5.6.7, "Sun, 06 Nov 1994 08:49:37 GMT", into seconds
/// since a fixed day. The two obsolete forms are not supported.
constexpr std::optional<std::int64_t> parse_http_date(std::string_view text) noexcept {
  if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
  const auto day = parse_count(text.substr(5, 2));
  const auto month = parse_month(text.substr(8, 3));
  const auto year = parse_count(text.substr(12, 4));
  const auto hour = parse_count(text.substr(17, 2));
  const auto minute = parse_count(text.substr(20, 2));
  const auto second = parse_count(text.substr(23, 2));
  if (!day || !month || !year || !hour || !minute || !second) return std::nullopt;
  if (*day < 1 || *day > days_in_month(*year, *month)) return std::nullopt;
  return day_number(*year, *month, *day) * 86'400 + *hour * 3'600 + *minute * 60 + *second;
}

constexpr Duration saturated_seconds(std::int64_t seconds) noexcept {
  constexpr std::int64_t kLargest = INT64_MAX / 1'000'000'000;
  return seconds > kLargest ? Duration::max() : Duration(seconds * 1'000'000'000);
}

}  // namespace detail

/// Parses a Retry-After value: a number of seconds, or a date, relative to `date`, the Date of the
/// same response, so that clock skew has no effect. Never negative; `Duration::max()` if too long
/// to represent; empty for an invalid value and for a date without a `date`.
constexpr std::optional<Duration> parse_retry_after(std::string_view value,
                                                    std::string_view date = {}) noexcept {
  if (const auto count = detail::parse_count(value)) return detail::saturated_seconds(*count);
  const auto until = detail::parse_http_date(value);
  const auto from = detail::parse_http_date(date);
  if (!until || !from) return std::nullopt;
  return detail::saturated_seconds(*until > *from ? *until - *from : 0);
}

/// The wait that a response requests; only 429 and 503 are defined to request one.
template <HttpLike Answer>
std::optional<Duration> requested_wait(const Answer& answer) noexcept {
  if (answer.status != 429 && answer.status != 503) return std::nullopt;
  return parse_retry_after(answer.headers.get("Retry-After"), answer.headers.get("Date"));
}

}  // namespace v0
}  // namespace vx11
