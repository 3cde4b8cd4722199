#pragma once

/// \file
/// One chat's way through the steps of a router. Internal.

#include <cstddef>
#include <optional>

#include "router/chat_attempt_state.hpp"
#include "router/route_steps.hpp"

namespace vx11 {
inline namespace v0 {

class StepCursor {
 public:
  /// \param steps null: the router has none, and `next` must not be called
  StepCursor(const RouteSteps* steps, bool beside) noexcept;

  /// The index of the next target; none at the end of the chain.
  std::optional<std::size_t> next(const ChatAttemptState& state) noexcept;
  explicit operator bool() const noexcept { return steps_ != nullptr; }

  /// The balancer that has chosen the target; null if it has no group.
  Balancer* balancer() const noexcept;
  /// The target's index in that balancer.
  std::size_t member() const noexcept { return member_; }

 private:
  void enter(std::size_t step, const ChatAttemptState& state) noexcept;
  std::optional<std::size_t> choose(const ChatAttemptState& state) noexcept;
  std::size_t asked(const ChatAttemptState& state) const noexcept;
  bool only_skipped(const ChatAttemptState& state) const noexcept;
  bool has_place(const ChatAttemptState& state) const noexcept;

  const RouteSteps* steps_;
  bool beside_;
  std::size_t step_ = 0;
  std::size_t began_ = 0;  ///< The ledger's length when the step was entered.
  std::size_t member_ = 0;
  Balancer::Set tried_ = {};  ///< Members that are not chosen, absent ones included.
};

}  // namespace v0
}  // namespace vx11
