#pragma once

/// \file
/// What a router learns about a target. Internal.

#include <vx11/router.hpp>

#include <algorithm>
#include <atomic>

#include "router/answer_times.hpp"

namespace vx11 {
inline namespace v0 {

/// Shared by all chats of a router. Thread-safe.
struct TargetState {
  /// Enough to open a breaker by consecutive failures, and few beside an upstream's connections.
  static constexpr int kMostObserved = 8;

  AnswerTimes whole = {};         ///< Until a whole answer.
  AnswerTimes stream = {};        ///< Until the first piece of a streamed one.
  std::atomic<int> observed = 0;  ///< Calls that run without a chat.
};

/// When the next target is asked beside this one; never, if that is switched off.
inline Duration slow_after_of(const RouterTarget& target, const AnswerTimes& times) noexcept {
  const Duration after = target.fallback_after ? *target.fallback_after : times.slow_after();
  if (after <= Duration::zero()) return Duration::max();
  return std::min({after, target.try_timeout, target.total_timeout});
}

}  // namespace v0
}  // namespace vx11
