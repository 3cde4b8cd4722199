#pragma once

/// \file
/// `Attempt`: one line of the ledger that a chat keeps of the targets it tried.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// The result of one try.
enum class Outcome : std::uint8_t {
  answered,
  circuit_open,   ///< Its breaker rejected the call; nothing was sent.
  unreachable,    ///< No connection.
  timeout,        ///< No answer within what the try was given.
  error,          ///< An HTTP status outside 2xx.
  invalid_reply,  ///< 2xx, and not to be understood or too large.
  asleep,         ///< Known to sleep; passed by untouched.
  cancelled,      ///< The caller went away; no further target is tried.
};

/// The outcome as the operator contract words it: "circuit_open", "timeout", "error" …
VX11_API std::string_view to_string(Outcome outcome) noexcept;

/// One line of the ledger: a target that was tried or passed by. Never a URL or an upstream's text.
struct Attempt {
  Attempt() = default;
  Attempt(std::string target, Outcome outcome, Duration elapsed)
      : target(std::move(target)), outcome(outcome), elapsed(elapsed) {}

  std::string target = {};
  Outcome outcome = Outcome::answered;
  Duration elapsed = {};  ///< From asking the breaker to the verdict.
};

}  // namespace v0
}  // namespace vx11
