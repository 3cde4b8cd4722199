#pragma once

/// \file
/// What the policies make of a result when nobody tells them otherwise.

#include <vx11/circuit_breaker/verdict.hpp>
#include <vx11/clock.hpp>
#include <vx11/result.hpp>

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// An answer with an HTTP status and headers, such as `HttpResponse`. The policies know no HTTP
/// beyond what these two say.
template <class T>
concept HttpLike = requires(const T& answer) {
  { answer.status } -> std::convertible_to<int>;
  { answer.headers.get("Retry-After") } -> std::convertible_to<std::string_view>;
};

/// What the policies make of a result when nobody tells them otherwise: errors as `DefaultVerdict`,
/// and an HTTP answer by its status. 2xx and 3xx are a success, 4xx is neutral, for it blames the
/// request; 429 too, because an upstream that limits its callers is well. The rest is a failure.
///
/// A function object; anything callable with a `const Result<T>&` that returns a `Verdict` can take
/// its place.
struct CallVerdict {
  template <class T>
  constexpr Verdict operator()(const Result<T>& result) const noexcept {
    if constexpr (HttpLike<T>) {
      if (result) return of_status(result->status);
    }
    return DefaultVerdict()(result);
  }
  /// The verdict on an answer with this HTTP status.
  static constexpr Verdict of_status(int status) noexcept {
    if (status >= 200 && status < 400) return Verdict::success;
    if (status >= 400 && status < 500) return Verdict::neutral;
    return Verdict::failure;
  }
};

/// What may come right if one just tries again: no connection, no answer in time, nobody there; of
/// the HTTP statuses 429, 502, 503 and 504. Not 500, which seldom passes by itself, and not the
/// rejections of the caller's own policies, which were meant.
///
/// It cannot know whether the call may be made twice; whoever asks for a retry does.
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

/// When a result asks its caller to come back: `Error::retry_after`, or the Retry-After header of
/// an HTTP answer in seconds (RFC 9110 §10.2.3). A date there is not read: it would need a clock
/// that both sides agree on.
struct DefaultRetryAfter {
  template <class T>
  std::optional<Duration> operator()(const Result<T>& result) const noexcept {
    if (!result) return positive(result.error().retry_after);
    if constexpr (HttpLike<T>) return seconds(result->headers.get("Retry-After"));
    return std::nullopt;
  }

 private:
  static std::optional<Duration> positive(Duration wait) noexcept {
    if (wait <= Duration::zero()) return std::nullopt;
    return wait;
  }
  static std::optional<Duration> seconds(std::string_view text) noexcept {
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(text.data(), end, value);
    if (text.empty() || rest != end || failed == std::errc::invalid_argument) return std::nullopt;
    if (failed == std::errc::result_out_of_range) return Duration::max();
    return positive(std::chrono::seconds(value));
  }
};

}  // namespace v0
}  // namespace vx11
