#pragma once

/// \file
/// The order in which a router tries its targets. Internal.

#include <vx11/router.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "router/chat_attempt_state.hpp"
#include "router/send_through_breaker.hpp"
#include "router/step_cursor.hpp"

namespace vx11 {
inline namespace v0 {

/// Limits the number of concurrent attempts that bypass an open breaker. Thread-safe.
class LastResorts {
 public:
  explicit LastResorts(std::uint32_t most) noexcept : free_(most) {}

  /// One such attempt, released by its destructor; false if the limit was reached.
  class Place {
   public:
    Place() = default;
    explicit Place(LastResorts& home) noexcept : home_(&home) {}
    Place(Place&& other) noexcept : home_(std::exchange(other.home_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(home_, other.home_);
      return *this;
    }
    ~Place() {
      if (home_ != nullptr) home_->free_.fetch_add(1, std::memory_order_relaxed);
    }
    explicit operator bool() const noexcept { return home_ != nullptr; }

   private:
    LastResorts* home_ = nullptr;
  };

  Place take() noexcept {
    std::uint32_t free = free_.load(std::memory_order_relaxed);
    while (free != 0) {
      if (free_.compare_exchange_weak(free, free - 1, std::memory_order_relaxed)) {
        return Place(*this);
      }
    }
    return {};
  }

 private:
  std::atomic<std::uint32_t> free_;
};

/// The targets of one chat: all in order, or as the steps have it, then, if every breaker rejected
/// the call and last resorts are enabled, the first of them again.
class TargetSequence {
 public:
  /// \param steps see `StepCursor`
  /// \param beside whether slow targets are overtaken
  TargetSequence(const RouterOptions& options, LastResorts& last_resorts, const RouteSteps* steps,
                 bool beside) noexcept
      : options_(options), last_resorts_(last_resorts), cursor_(steps, beside) {}

  /// The next target; null at the end.
  const RouterTarget* next(const ChatAttemptState& state) noexcept {
    if (state.over() || is_last_) return nullptr;
    is_traced_ = state.chat().trace != nullptr;
    if (cursor_) {
      if (const auto target = cursor_.next(state)) return &options_.targets[*target];
    } else if (next_ < options_.targets.size()) {
      return &options_.targets[next_++];
    }
    const RouterTarget* const rejected = first_rejected(state.attempts());
    if (rejected != nullptr) place_ = last_resorts_.take();
    is_last_ = static_cast<bool>(place_);
    if (!is_last_) return nullptr;
    options_.events(Event{.kind = EventKind::router_last_resort, .name = rejected->name});
    return rejected;
  }
  /// The last resort's place, for a call that may outlast the chat.
  LastResorts::Place take_place() noexcept { return std::move(place_); }

  /// The call options for the target that `next` has just returned.
  CallOptions call_options(const RouterTarget& target) const noexcept {
    CallOptions call(target.name, *target.transport, target.try_timeout, options_.clock,
                     is_last_ ? nullptr : target.breaker.get(), target.linked.get());
    if (!is_last_) call.balancer = cursor_.balancer();
    call.member = cursor_.member();
    call.total_timeout = target.total_timeout;
    call.is_traced = is_traced_;
    return call;
  }

 private:
  /// Null if any target was called, too. Before the last resort the ledger has one entry for each
  /// target that was returned.
  const RouterTarget* first_rejected(std::span<const Attempt> attempts) const noexcept {
    const RouterTarget* first = nullptr;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      if (attempts[i].outcome == Outcome::asleep) continue;
      if (attempts[i].outcome == Outcome::unsupported) continue;
      if (attempts[i].outcome != Outcome::circuit_open) return nullptr;
      const RouterTarget& target = cursor_ ? named(attempts[i].target) : options_.targets[i];
      const bool isolated = target.breaker->mode() == CircuitMode::isolated;
      const bool is_rejected = !cursor_ || target.breaker->state() != CircuitState::closed;
      if (first == nullptr && !isolated && is_rejected) first = &target;
    }
    return first;
  }
  const RouterTarget& named(std::string_view name) const noexcept {
    std::size_t i = 0;
    while (options_.targets[i].name != name) ++i;
    return options_.targets[i];
  }

  const RouterOptions& options_;
  LastResorts& last_resorts_;
  LastResorts::Place place_ = {};
  bool is_last_ = false;  ///< The last resort has been returned.
  bool is_traced_ = false;
  std::size_t next_ = 0;  ///< Without steps.
  StepCursor cursor_;
};

}  // namespace v0
}  // namespace vx11
