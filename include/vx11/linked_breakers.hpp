#pragma once

/// \file
/// `LinkedBreakers`: the circuit breakers of one upstream, one for each purpose.

#include <vx11/circuit_breaker.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The circuit breakers of one upstream that is called for several purposes, such as chats and
/// power commands.
///
/// With a breaker for each purpose, failures of one never reject calls of another: a status page
/// that polls a slow endpoint cannot take the chat away. Good answers do cross: an upstream that
/// has just answered one call is reachable, so the open breakers of its other purposes admit a
/// probe at once instead of waiting out their open time.
///
/// Pass it to every caller of the upstream: `RouterTarget::linked`, `PowerOptions::linked`; code
/// of your own calls `answered` after a good answer.
///
/// **Thread-safe**, immutable. Shares ownership of its breakers, which are not null.
class LinkedBreakers {
 public:
  explicit LinkedBreakers(std::vector<std::shared_ptr<CircuitBreaker>> breakers)
      : breakers_(std::move(breakers)) {}

  /// The upstream has given a good answer to a call of any purpose. One load for each breaker that
  /// is not open.
  void answered() const noexcept {
    for (const auto& each : breakers_) each->evidence_of_recovery();
  }

 private:
  const std::vector<std::shared_ptr<CircuitBreaker>> breakers_;
};

}  // namespace v0
}  // namespace vx11
