#pragma once

/// \file
/// Pending calls of user code, run after the breaker's lock is released. Internal.

#include <vx11/circuit_breaker/detail/open_time.hpp>
#include <vx11/circuit_breaker/options.hpp>
#include <vx11/circuit_breaker/types.hpp>
#include <vx11/detail/exceptions.hpp>
#include <vx11/events.hpp>

#include <cstddef>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The event for a transition.
inline Event event_of(const CircuitTransition& transition) noexcept {
  Event event;
  event.name = transition.name;
  event.detail = to_string(transition.from);
  if (transition.mode == CircuitMode::metrics_only && transition.to == CircuitState::open) {
    event.kind = EventKind::circuit_would_have_opened;
    event.detail = {};
  } else if (transition.mode != CircuitMode::automatic) {
    event.kind = EventKind::circuit_held;
    event.detail = to_string(transition.mode);
  } else if (transition.to == CircuitState::open) {
    event.kind = EventKind::circuit_opened;
  } else if (transition.to == CircuitState::half_open) {
    event.kind = EventKind::circuit_half_opened;
  } else {
    event.kind = EventKind::circuit_closed;
  }
  return event;
}

/// Transitions not yet reported, and whether a random number is to be drawn. All members except
/// `deliver` are called with the breaker's lock held. A template for the same reason as
/// `CircuitCore`.
template <class Clock>
class Outbox {
 public:
  explicit Outbox(const CircuitBreakerOptions& options) : options_(options) {
    if (is_listened_to()) untold_.reserve(kRoom);
  }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Allocates only if the listener is more than `kRoom` transitions behind. If allocation fails,
  /// this transition is not reported; the breaker continues to work.
  void tell(const CircuitTransition& transition) noexcept {
    if (!is_listened_to()) return;
    VX11_TRY {
      untold_.push_back(transition);
    }
    VX11_CATCH_ALL {}  // out of memory
  }
  void want_draw() noexcept { draw_wanted_ = static_cast<bool>(options_.growth.random); }

  /// Runs pending callbacks outside the lock. If another thread is draining, it runs ours too,
  /// which keeps the order and lets a listener call back into the breaker.
  template <class Lock>
  void deliver(Lock& lock, OpenTime& open_time) noexcept {
    if (!is_listened_to() && !options_.growth.random) return;
    std::unique_lock held(lock);
    if (std::exchange(busy_, true)) return;
    while (draw_once(held, open_time) || tell_once(held)) {
    }
    busy_ = false;
  }

  /// A number from the user's generator; zero if it throws.
  double draw() const noexcept {
    VX11_TRY {
      return options_.growth.random();
    }
    VX11_CATCH_ALL {
      return 0.0;
    }
  }

 private:
  static constexpr std::size_t kRoom = 16;

  bool is_listened_to() const noexcept { return options_.on_transition || options_.events; }

  template <class Held>
  bool draw_once(Held& held, OpenTime& open_time) noexcept {
    if (!std::exchange(draw_wanted_, false)) return false;
    held.unlock();
    const double drawn = draw();
    held.lock();
    open_time.set_draw(drawn);
    return true;
  }
  template <class Held>
  bool tell_once(Held& held) noexcept {
    if (untold_.empty()) return false;
    CircuitTransition transition = untold_.front();
    transition.name = options_.name;
    untold_.erase(untold_.begin());
    held.unlock();
    VX11_TRY {
      if (options_.on_transition) options_.on_transition(transition);
    }
    VX11_CATCH_ALL {}  // an exception from a listener must not affect admission
    options_.events(event_of(transition));
    held.lock();
    return true;
  }

  const CircuitBreakerOptions& options_;
  std::vector<CircuitTransition> untold_;
  bool draw_wanted_ = false;
  bool busy_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
