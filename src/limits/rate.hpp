#pragma once

/// \file
/// Rates as the limiter's algorithm takes them. Internal.

#include <vx11/rate_limiter.hpp>
#include <vx11/token_limits.hpp>

namespace vx11 {
inline namespace v0 {
namespace limits {

inline detail::Gcra gcra_of(const RequestRate& rate) noexcept {
  return detail::Gcra(rate.requests, rate.period, rate.requests);
}

/// Appends the mistakes of `rate` to those of `name`.
inline void check_rate(detail::Mistakes& mistakes, const RequestRate& rate, std::string_view name) {
  constexpr auto kLongest = std::chrono::hours(24 * 366);
  mistakes.require(
      rate.requests >= 1 && rate.period >= std::chrono::seconds(1) && rate.period <= kLongest, name,
      "at least one request per 1 s to 366 d");
}

}  // namespace limits
}  // namespace v0
}  // namespace vx11
