#pragma once

/// \file
/// Alarms: a timer's callbacks, for waits that nearly always end early. Internal.
///
/// A sleep costs a coroutine frame, a stop state and a hand-over to stop it. A wait that is given
/// up nearly every time, such as the one for a slow upstream, needs none of these.

#include <vx11/timer.hpp>

#include <cstddef>
#include <new>
#include <optional>
#include <stop_token>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// A callback after a time. Used by one thread at a time.
class Alarm {
 public:
  using Ring = void (*)(void* whom);

  Alarm() = default;
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  virtual ~Alarm() = default;

  /// Calls the callback once after `time`, on any thread, perhaps before this returns. Call it
  /// again only after it has rung. If it throws, it will not ring.
  virtual void set(Duration time) = 0;
  /// \return whether it will not ring any more. If false, it has rung, or will: the alarm must not
  ///         be destroyed before.
  virtual bool cancel() noexcept = 0;
  /// Of an alarm that has rung, before it is set again: whether it rang before its time, because
  /// the timer has ended.
  virtual bool ended() noexcept = 0;
};

/// Room for an alarm in its owner.
class AlarmSlot {
 public:
  AlarmSlot() = default;
  AlarmSlot(const AlarmSlot&) = delete;
  AlarmSlot& operator=(const AlarmSlot&) = delete;
  ~AlarmSlot() {
    if (alarm_ != nullptr) alarm_->~Alarm();
  }

  /// Call once.
  template <class T, class... Args>
  void emplace(Args&&... args) {
    static_assert(sizeof(T) <= kRoom && alignof(T) <= alignof(std::max_align_t));
    alarm_ = ::new (static_cast<void*>(room_)) T(std::forward<Args>(args)...);
  }
  explicit operator bool() const noexcept { return alarm_ != nullptr; }
  Alarm* operator->() const noexcept { return alarm_; }

 private:
  static constexpr std::size_t kRoom = 160;

  Alarm* alarm_ = nullptr;
  alignas(std::max_align_t) std::byte room_[kRoom];
};

/// A timer that has alarms.
class AlarmTimer : public Timer {
 public:
  /// An alarm that calls `ring(whom)`.
  virtual void make_alarm(AlarmSlot& slot, Alarm::Ring ring, void* whom) = 0;
};

/// An alarm of any timer: a sleep.
class SleepAlarm final : public Alarm {
 public:
  SleepAlarm(Timer& timer, Ring ring, void* whom) noexcept
      : timer_(timer), ring_(ring), whom_(whom) {}

  void set(Duration time) override {
    stop_ = std::stop_source();
    sleep_.emplace(timer_.sleep(time, stop_.get_token()));
    if (TaskAccess::start(*sleep_, ring_, whom_)) ring_(whom_);
  }
  bool cancel() noexcept override {
    stop_.request_stop();
    return false;
  }
  bool ended() noexcept override {
    try {
      return !sleep_ || !TaskAccess::take(*sleep_);
    } catch (...) {
      return true;
    }
  }

 private:
  Timer& timer_;
  Ring ring_;
  void* whom_;
  std::stop_source stop_{std::nostopstate};
  std::optional<Task<bool>> sleep_ = std::nullopt;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
