#pragma once

/// \file
/// `Verdict`: the outcome of a call for its upstream; `CallVerdict` derives it from a result.

#include <vx11/result.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The outcome of a call, as counted against its upstream.
enum class Verdict : std::uint8_t {
  success,  ///< The upstream worked.
  failure,  ///< The upstream failed.
  neutral,  ///< Not counted: cancelled, an invalid request, or nothing was sent.
};

/// The verdict as a stable word: "success", "failure", "neutral".
constexpr std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::success:
      return "success";
    case Verdict::failure:
      return "failure";
    case Verdict::neutral:
      return "neutral";
  }
  return "unknown";
}

/// The verdict on a call that ended with an error. Cancelled calls, calls that this library
/// rejected and shortages of this process are neutral: they say nothing about the upstream, and
/// counted as failures, rejections would keep a circuit open.
constexpr Verdict verdict_on(Errc code) noexcept {
  switch (code) {
    case Errc::unreachable:
    case Errc::timeout:
    case Errc::http_status:
    case Errc::invalid_reply:
    case Errc::too_large:
    case Errc::unavailable:
      return Verdict::failure;
    case Errc::invalid_argument:
    case Errc::cancelled:
    case Errc::circuit_open:
    case Errc::asleep:
    case Errc::storage:
    case Errc::rejected:
    case Errc::address_unavailable:
    case Errc::exhausted:
      return Verdict::neutral;
  }
  return Verdict::neutral;
}

/// The verdict on an HTTP status. 2xx is a success. 4xx is neutral, since the request is at fault;
/// 429 too, because an upstream that limits its callers is healthy. The rest is a failure,
/// including redirects: no transport of this library follows one, so a proxy or a login page has
/// responded in place of the upstream. If 304 is an expected response, use your own function.
constexpr Verdict verdict_on_status(int status) noexcept {
  if (status >= 200 && status < 300) return Verdict::success;
  if (status >= 400 && status < 500) return Verdict::neutral;
  return Verdict::failure;
}

/// A response with an HTTP status and headers, such as `HttpResponse`. Policies use no other part
/// of HTTP.
template <class T>
concept HttpLike = requires(const T& answer) {
  { answer.status } -> std::convertible_to<int>;
  { answer.headers.get("Retry-After") } -> std::convertible_to<std::string_view>;
};

/// The default classifier of every policy: an `Error` by its code, any other error as a failure, an
/// HTTP response by its status, and everything else as a success.
///
/// A stateless function object; replace it by anything that takes the result and returns a
/// `Verdict`.
struct CallVerdict {
  template <class T>
  constexpr Verdict operator()(const T& value) const noexcept {
    if constexpr (HttpLike<T>) {
      return verdict_on_status(value.status);
    } else {
      return Verdict::success;
    }
  }
  template <class T, class E>
  constexpr Verdict operator()(const tl::expected<T, E>& result) const noexcept {
    if (!result.has_value()) return on_error(result.error());
    if constexpr (HttpLike<T>) {
      return verdict_on_status(result->status);
    } else {
      return Verdict::success;
    }
  }

 private:
  template <class E>
  static constexpr Verdict on_error(const E& error) noexcept {
    if constexpr (std::derived_from<E, Error>) {
      return verdict_on(error.code);
    } else {
      return Verdict::failure;
    }
  }
};

/// The name before 0.2.
using DefaultVerdict [[deprecated("use CallVerdict")]] = CallVerdict;

}  // namespace v0
}  // namespace vx11
