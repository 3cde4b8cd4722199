#pragma once

/// \file
/// Errors are values: `Result<T>`, `Error` and `Errc`.
///
/// No function of this library throws across its interface, prints, or exits; what can fail returns
/// a `Result`. The one alias is always `tl::expected`, never switched to another type by a macro,
/// so that every translation unit of a program agrees on it.

#include <vx11/detail/durations.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace vx11 {
inline namespace v0 {

/// What went wrong, coarse enough to decide on. The text for people is in `Error::detail`.
enum class Errc : std::uint8_t {
  invalid_argument,     ///< A description or a call that can never work; retrying does not help.
  unreachable,          ///< No connection: refused, reset, closed, no such name.
  timeout,              ///< The deadline or a limit passed.
  cancelled,            ///< The caller lost interest. Never the upstream's fault.
  circuit_open,         ///< A circuit breaker rejected the call; nothing was sent.
  asleep,               ///< Power state says that the service sleeps; nothing was sent.
  http_status,          ///< An answer came, with a status outside 2xx.
  invalid_reply,        ///< An answer came and could not be understood.
  too_large,            ///< A message exceeds a limit.
  storage,              ///< A session store could not read or write.
  unavailable,          ///< No upstream could answer, for the reasons recorded beside it.
  rejected,             ///< A policy of the caller's own refused the call; nothing was sent.
  address_unavailable,  ///< The address to listen on is taken, not this machine's or not allowed.
};

/// The code as a stable snake_case word ("circuit_open"), for logs, metrics and JSON.
constexpr std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::unreachable:
      return "unreachable";
    case Errc::timeout:
      return "timeout";
    case Errc::cancelled:
      return "cancelled";
    case Errc::circuit_open:
      return "circuit_open";
    case Errc::asleep:
      return "asleep";
    case Errc::http_status:
      return "http_status";
    case Errc::invalid_reply:
      return "invalid_reply";
    case Errc::too_large:
      return "too_large";
    case Errc::storage:
      return "storage";
    case Errc::unavailable:
      return "unavailable";
    case Errc::rejected:
      return "rejected";
    case Errc::address_unavailable:
      return "address_unavailable";
  }
  return "unknown";
}

/// An error as a value: what, where, and a text that is safe to show.
///
/// `detail` is always written by this library. Text that came from an upstream or a client never
/// enters it, so it may be logged, returned to clients and shown on a page.
struct Error {
  Error() = default;
  explicit Error(Errc code, std::string detail = {}, std::string upstream = {})
      : code(code), upstream(std::move(upstream)), detail(std::move(detail)) {}

  Errc code = Errc::unavailable;
  std::string upstream = {};  ///< Name of the upstream concerned; empty when none is.
  std::string detail = {};    ///< For people: what happened and, where possible, what to do.
  /// When asking again makes sense, from now; zero when nothing tells. Set by what rejects calls.
  std::chrono::nanoseconds retry_after = {};

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value, or the error that took its place: an `Error`, or a type derived from it that knows
/// more.
template <class T = void, class E = Error>
using Result = tl::expected<T, E>;

/// Shorthand for returning a failure: `return fail(Errc::timeout, "connection timeout after 2s");`
inline tl::unexpected<Error> fail(Errc code, std::string detail = {}, std::string upstream = {}) {
  return tl::unexpected<Error>(Error(code, std::move(detail), std::move(upstream)));
}

/// Hands an existing error on: `return fail(std::move(reply.error()));`
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace v0
}  // namespace vx11
