#pragma once

/// \file
/// Which results are worth another attempt, and after how long, unless the caller says otherwise.

#include <vx11/clock.hpp>
#include <vx11/result.hpp>
#include <vx11/retry_after.hpp>
#include <vx11/verdict.hpp>

#include <optional>

namespace vx11 {
inline namespace v0 {

/// Retries what often passes by itself: `unreachable`, `timeout`, `unavailable`, and of the HTTP
/// statuses 429, 502, 503 and 504. Not 500, which seldom passes, and not the rejections of the
/// caller's own policies, which were meant.
///
/// It cannot know whether the call may be made twice; the caller that uses it does.
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

/// The wait that a result asks for: `Error::retry_after`, or the Retry-After header of an HTTP
/// answer as `requested_wait` reads it.
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
