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

/// The parts of a date, not parsed yet.
struct DateText {
  std::string_view day = {};
  std::string_view month = {};
  std::string_view year = {};
  std::string_view time = {};  ///< 08:49:37
};

/// Splits the forms of RFC 9110 §5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT", and the obsolete "Sunday,
/// 06-Nov-94 08:49:37 GMT" of RFC 850 and "Sun Nov  6 08:49:37 1994" of C's asctime().
constexpr std::optional<DateText> split_http_date(std::string_view text) noexcept {
  const std::size_t comma = text.find(", ");
  if (comma == std::string_view::npos) {
    if (text.size() != 24) return std::nullopt;
    const std::size_t day = text[8] == ' ' ? 9 : 8;
    return DateText{text.substr(day, 10 - day), text.substr(4, 3), text.substr(20),
                    text.substr(11, 8)};
  }
  text.remove_prefix(comma + 2);
  if (!text.ends_with(" GMT")) return std::nullopt;
  if (text.size() == 24) {
    return DateText{text.substr(0, 2), text.substr(3, 3), text.substr(7, 4), text.substr(12, 8)};
  }
  if (text.size() != 22 || text[2] != '-' || text[6] != '-') return std::nullopt;
  return DateText{text.substr(0, 2), text.substr(3, 3), text.substr(7, 2), text.substr(10, 8)};
}

/// A year of two digits is one of 1970 to 2069.
constexpr std::optional<std::int64_t> parse_year(std::string_view text) noexcept {
  const auto year = parse_count(text);
  if (!year || text.size() != 2) return year;
  return *year + (*year < 70 ? 2000 : 1900);
}

/// Parses a date in any of the three forms into seconds since a fixed day.
constexpr std::optional<std::int64_t> parse_http_date(std::string_view text) noexcept {
  const auto parts = split_http_date(text);
  if (!parts) return std::nullopt;
  const auto day = parse_count(parts->day);
  const auto month = parse_month(parts->month);
  const auto year = parse_year(parts->year);
  const auto hour = parse_count(parts->time.substr(0, 2));
  const auto minute = parse_count(parts->time.substr(3, 2));
  const auto second = parse_count(parts->time.substr(6, 2));
  if (!day || !month || !year || !hour || !minute || !second) return std::nullopt;
  if (*day < 1 || *day > days_in_month(*year, *month)) return std::nullopt;
  return day_number(*year, *month, *day) * 86'400 + *hour * 3'600 + *minute * 60 + *second;
}

constexpr Duration saturated_seconds(std::int64_t seconds) noexcept {
  constexpr std::int64_t kLargest = INT64_MAX / 1'000'000'000;
  return seconds > kLargest ? Duration::max() : Duration(seconds * 1'000'000'000);
}

/// Parses "1.5": seconds with a fraction, which RFC 9110 does not have and services send. Digits
/// behind the ninth are cut.
constexpr std::optional<Duration> parse_seconds(std::string_view text) noexcept {
  const std::size_t dot = text.find('.');
  const auto whole = parse_count(text.substr(0, dot));
  if (!whole) return std::nullopt;
  const Duration seconds = saturated_seconds(*whole);
  if (dot == std::string_view::npos || seconds == Duration::max()) return seconds;
  const std::string_view fraction = text.substr(dot + 1);
  if (!parse_count(fraction)) return std::nullopt;
  std::int64_t nanoseconds = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    nanoseconds = nanoseconds * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  }
  if (seconds > Duration::max() - Duration(nanoseconds)) return Duration::max();
  return seconds + Duration(nanoseconds);
}

}  // namespace detail

/// Parses a Retry-After value: a number of seconds, also with a fraction, or a date in any form of
/// HTTP, relative to `date`, the Date of the same response, so that clock skew has no effect. Never
/// negative; `Duration::max()` if too long to represent; empty for an invalid value and for a date
/// without a `date`.
constexpr std::optional<Duration> parse_retry_after(std::string_view value,
                                                    std::string_view date = {}) noexcept {
  if (const auto seconds = detail::parse_seconds(value)) return seconds;
  const auto until = detail::parse_http_date(value);
  const auto from = detail::parse_http_date(date);
  if (!until || !from) return std::nullopt;
  return detail::saturated_seconds(*until > *from ? *until - *from : 0);
}

/// The wait that a response requests: 429 and 503, which are defined to, and 529, which some
/// services send when they are overloaded.
template <HttpLike Answer>
std::optional<Duration> requested_wait(const Answer& answer) noexcept {
  if (answer.status != 429 && answer.status != 503 && answer.status != 529) return std::nullopt;
  return parse_retry_after(answer.headers.get("Retry-After"), answer.headers.get("Date"));
}

}  // namespace v0
}  // namespace vx11
