#pragma once

/// \file
/// The wake-ups of a streamed chat that has nothing to send. Internal.

#include <vx11/detail/alarm.hpp>

#include <atomic>
#include <memory>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

class ChatRelay;

/// Calls `ChatRelay::beat`, each time after the wait that it returned last, until there is none. An
/// alarm and not a coroutine that sleeps: a stream that waits holds 300 bytes less, and its end
/// stops no sleep, which takes a system call.
///
/// The relay lives as long as the alarm is set. `end` may be called on any thread, also by the
/// relay within `beat`.
class Heartbeat {
 public:
  Heartbeat() = default;
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// Calls `beat` at once. Call it once.
  void begin(Timer& timer, std::shared_ptr<ChatRelay> relay);
  /// The caller keeps the relay alive.
  void end() noexcept;

 private:
  enum class State : unsigned char {
    idle,
    setting,  ///< The alarm is being set, and may ring meanwhile.
    set,
    ringing,  ///< `beat` runs, or will at once.
    over,
  };

  static void rung(void* self);
  void run(const std::shared_ptr<ChatRelay>& relay) noexcept;
  /// \return whether it has rung already
  bool set(const std::shared_ptr<ChatRelay>& relay, Duration wait);
  /// \return whether the state was `from`
  bool pass(State from, State to) noexcept { return state_.compare_exchange_strong(from, to); }

  detail::AlarmSlot alarm_ = {};
  std::shared_ptr<ChatRelay> relay_ = nullptr;  ///< While the alarm is set.
  std::atomic<State> state_ = State::idle;
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
