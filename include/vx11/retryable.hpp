#pragma once

/// \file
/// Default rules: which results are retryable, and after how long.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>
#include <vx11/retry_after.hpp>
#include <vx11/verdict.hpp>

#include <optional>

namespace vx11 {
inline namespace v0 {

/// Retries failures that are often transient: `unreachable`, `timeout`, `unavailable`, and of the
/// HTTP statuses 429, 502, 503 and 504. Not 500, which is seldom transient, and not rejections by
/// the caller's own policies, which are intended.
///
/// It cannot know whether the call may be repeated; the caller decides that.
struct DefaultRetryable {
  template <class T>
  constexpr bool operator()(const Result<T>& result) const noexcept {
    if (!result) return retryable(result.error().code);
    if constexpr (HttpLike<T>) {
      return result->status == 429 || (result->status >= 502 && result->status <= 504);
    }
    return false;
  }

 private:
  static constexpr bool retryable(Errc code) noexcept {
    return code == Errc::unreachable || code == Errc::timeout || code == Errc::unavailable;
  }
};

/// The wait that a result requests: `Error::retry_after`, or the Retry-After header of an HTTP
/// response as parsed by `requested_wait`.
struct DefaultRetryAfter {
  template <class T>
  std::optional<Duration> operator()(const Result<T>& result) const noexcept {
    if (!result) {
      const Duration wait = result.error().retry_after;
      return wait > Duration::zero() ? std::optional(wait) : std::nullopt;
    }
    if constexpr (HttpLike<T>) return requested_wait(*result);
    return std::nullopt;
  }
};

}  // namespace v0
}  // namespace vx11
