#pragma once

/// \file
/// Errors are values: `Result<T>`, `Error` and `Errc`.
///
/// No function of this library throws across its interface, prints, or exits; a function that can
/// fail returns a `Result`. `Result` is always `tl::expected`; no macro switches it, so all
/// translation units of a program agree on the type.

#include <vx11/detail/durations.hpp>
#include <vx11/detail/requirements.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace vx11 {
inline namespace v0 {

/// Error codes for decisions in code. The text for people is in `Error::detail`.
enum class Errc : std::uint8_t {
  invalid_argument,     ///< Invalid options or arguments; retrying does not help.
  unreachable,          ///< No connection: refused, reset, closed, no such name.
  timeout,              ///< The deadline or a limit passed.
  cancelled,            ///< The caller cancelled. Not a failure of the upstream.
  circuit_open,         ///< A circuit breaker rejected the call; nothing was sent.
  asleep,               ///< The power state of the service is asleep; nothing was sent.
  http_status,          ///< The response has a status outside 2xx.
  invalid_reply,        ///< The response could not be parsed.
  too_large,            ///< A message exceeds a limit.
  storage,              ///< A session store failed to read or write.
  unavailable,          ///< No upstream could answer; the attempts record the reasons.
  rejected,             ///< A policy rejected the call; nothing was sent.
  address_unavailable,  ///< The listen address is in use, not local or not permitted.
  exhausted,  ///< This process ran out of descriptors, memory, threads or ports. Not a failure of
              ///< the upstream; retry later.
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
    case Errc::exhausted:
      return "exhausted";
  }
  return "unknown";
}

/// An error as a value: code, upstream, and a text that is safe to show.
///
/// `detail` is always written by this library. It never contains text from an upstream or a client,
/// so it may be logged, returned to clients and shown on a page.
struct Error {
  Error() = default;
  explicit Error(Errc errc, std::string what = {}, std::string where = {})
      : code(errc), upstream(std::move(where)), detail(std::move(what)) {}

  Errc code = Errc::unavailable;
  std::string upstream = {};  ///< Name of the upstream; empty if none is involved.
  std::string detail = {};    ///< For people: what happened and, where possible, what to do.
  /// When to retry, from now; zero if unknown. Set by the policies that reject calls.
  std::chrono::nanoseconds retry_after = {};

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value or an error: an `Error`, or a type derived from it with more fields.
template <class T = void, class E = Error>
using Result = tl::expected<T, E>;

/// Shorthand for returning a failure: `return fail(Errc::timeout, "connection timeout after 2s");`
inline tl::unexpected<Error> fail(Errc code, std::string detail = {}, std::string upstream = {}) {
  return tl::unexpected<Error>(Error(code, std::move(detail), std::move(upstream)));
}

/// Propagates an existing error: `return fail(std::move(reply.error()));`
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace v0
}  // namespace vx11
