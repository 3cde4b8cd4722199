#pragma once

/// \file
/// `Attempt`: one entry in a chat's list of targets tried.

#include <vx11/circuit_breaker/types.hpp>
#include <vx11/clock.hpp>
#include <vx11/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// The result of one attempt.
enum class Outcome : std::uint8_t {
  answered,
  circuit_open,   ///< Its breaker rejected the call; nothing was sent.
  unreachable,    ///< No connection.
  timeout,        ///< No answer within the limit of the attempt.
  error,          ///< An HTTP status outside 2xx, or an error reported within a stream.
  invalid_reply,  ///< 2xx, but malformed or too large.
  asleep,         ///< Known to be asleep; skipped without a request.
  cancelled,      ///< The caller cancelled; no further target is tried.
  exhausted,      ///< This process ran out of descriptors, memory, threads or ports.
  overtaken,      ///< Slow; another target that was asked beside it answered first.
  unsupported,    ///< Its dialect cannot express the chat; nothing was sent. The last value.
};

/// The outcome in the words of the operator contract: "circuit_open", "timeout", "error" …
VX11_API std::string_view to_string(Outcome outcome) noexcept;

/// What an upstream refused a chat for, as far as its error says so in words that are known.
enum class Refusal : std::uint8_t {
  none,              ///< Not refused, or for another reason.
  context_too_long,  ///< See `says_context_too_long`.
  content_refused,   ///< See `says_content_refused`. The last value.
};

/// A change of a circuit breaker's state.
struct BreakerChange {
  CircuitState from = CircuitState::closed;
  CircuitState to = CircuitState::closed;
};

/// One target that was tried or skipped. Never contains a URL or an upstream's text.
struct Attempt {
  Attempt() = default;
  Attempt(std::string name, Outcome result, Duration took)
      : target(std::move(name)), outcome(result), elapsed(took) {}

  std::string target = {};
  Outcome outcome = Outcome::answered;
  Duration elapsed = {};  ///< From the breaker's admission check to the outcome.
  /// The same to the first piece of a streamed answer; none for other answers.
  std::optional<Duration> first_piece = std::nullopt;
  int http_status = 0;  ///< Of an `error`: the status outside 2xx; 0 for any other outcome.
  Refusal refusal = Refusal::none;  ///< Of an `error`.
  TimePoint began = {};             ///< When `elapsed` began; unset if the target was skipped.
  std::uint64_t span_id = 0;        ///< Of its span, if the chat is traced; else 0.
  /// What its outcome changed its breaker from and to, if anything, and the chat is traced.
  std::optional<BreakerChange> breaker_change = std::nullopt;
};

}  // namespace v0
}  // namespace vx11
