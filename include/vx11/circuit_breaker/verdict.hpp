#pragma once

/// \file
/// What a call says about its upstream, and the usual way to tell from its result.

#include <vx11/result.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// What a call says about the one who was called.
enum class Verdict : std::uint8_t {
  success,  ///< It did what it should.
  failure,  ///< It is to blame.
  neutral,  ///< Nothing: the caller went away, the request was wrong, nothing was sent.
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

/// The verdict on a call that ended with an error. Cancelled calls and those that this library
/// itself rejected are neutral: counted as failures, rejections would keep a circuit open.
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
      return Verdict::neutral;
  }
  return Verdict::neutral;
}

/// How a result is judged unless the caller says otherwise: an error by its code where it is an
/// `Error`, any other error is a failure, and everything else is a success. Stateless.
struct DefaultVerdict {
  template <class T>
  constexpr Verdict operator()(const T&) const noexcept {
    return Verdict::success;
  }
  template <class T, class E>
  constexpr Verdict operator()(const tl::expected<T, E>& result) const noexcept {
    if (result.has_value()) return Verdict::success;
    if constexpr (std::derived_from<E, Error>) {
      return verdict_on(result.error().code);
    } else {
      return Verdict::failure;
    }
  }
};

}  // namespace v0
}  // namespace vx11
