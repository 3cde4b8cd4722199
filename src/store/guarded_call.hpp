#pragma once

/// \file
/// A call that its caller waits for up to a limit, and that runs on without it. Internal.

#include <vx11/clock.hpp>
#include <vx11/detail/alarm.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>
#include <vx11/timer.hpp>

#include <atomic>
#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// What an operation says of the store.
enum class StoreVerdict : unsigned char { works, fails, unknown };

/// One session whose value cannot be read does not show that the store fails: chats of one client
/// would leave out the store for all. An operation that the store does not have shows neither.
template <class T>
StoreVerdict verdict_of(const Result<T>& result) noexcept {
  if (result || result.error().code == Errc::invalid_reply) return StoreVerdict::works;
  const bool is_unsupported = result.error().code == Errc::invalid_argument;
  return is_unsupported ? StoreVerdict::unknown : StoreVerdict::fails;
}

/// Why an operation failed; `storage` if it did not.
template <class T>
Errc error_of(const Result<T>& result) noexcept {
  return result ? Errc::storage : result.error().code;
}

/// Shared by the caller, the call and the alarm; the first of the latter two to end decides the
/// result. `Record` is called with how it ended: whether in time, with what verdict and error.
template <class T, class Record>
class GuardedCall : public std::enable_shared_from_this<GuardedCall<T, Record>> {
 public:
  GuardedCall(Task<Result<T>> call, Record record)
      : call_(std::move(call)), record_(std::move(record)) {}

  /// `co_await`ed once. \param timer null: no limit
  auto wait(Timer* timer, Duration limit) noexcept { return Wait{*this, timer, limit}; }
  /// Empty: the limit has passed.
  std::optional<Result<T>> take() { return std::move(result_); }

 private:
  struct Wait {
    GuardedCall& call;
    Timer* timer;
    Duration limit;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> caller) const {
      return call.start(caller, timer, limit);
    }
    void await_resume() const noexcept {}
  };

  /// \return whether the caller is to be suspended; it may then have been resumed already
  bool start(std::coroutine_handle<> caller, Timer* timer, Duration limit) {
    const std::shared_ptr<GuardedCall> alive = this->shared_from_this();
    caller_ = caller;
    // The alarm first: the call may end on another thread as soon as it has begun.
    if (timer != nullptr) set_alarm(*timer, limit);
    by_call_ = alive;
    if (TaskAccess::start(call_, &call_ended, this)) call_ended(this);
    return !met_.exchange(true, std::memory_order_acq_rel);
  }

  void set_alarm(Timer& timer, Duration limit) {
    by_alarm_ = this->shared_from_this();
    if (auto* const alarms = dynamic_cast<AlarmTimer*>(&timer)) {
      alarms->make_alarm(alarm_, &rung, this);
    } else {
      alarm_.template emplace<SleepAlarm>(timer, &rung, this);
    }
    alarm_->set(limit);
  }

  static void call_ended(void* self) {
    auto& call = *static_cast<GuardedCall*>(self);
    const std::shared_ptr<GuardedCall> alive = std::move(call.by_call_);
    const bool decides = !call.decided_.exchange(true, std::memory_order_acq_rel);
    // An alarm that cannot be cancelled rings, and lets go then.
    if (call.alarm_ && call.alarm_->cancel()) call.by_alarm_ = nullptr;
    if (!decides) return;
    call.result_ = TaskAccess::take(call.call_);
    call.record_(true, verdict_of(*call.result_), error_of(*call.result_));
    call.resume_caller();
  }

  static void rung(void* self) {
    auto& call = *static_cast<GuardedCall*>(self);
    const std::shared_ptr<GuardedCall> alive = std::move(call.by_alarm_);
    if (call.decided_.exchange(true, std::memory_order_acq_rel)) return;
    call.record_(false, StoreVerdict::fails);
    call.resume_caller();
  }

  void resume_caller() {
    if (met_.exchange(true, std::memory_order_acq_rel)) caller_.resume();
  }

  Task<Result<T>> call_;
  Record record_;
  std::optional<Result<T>> result_ = std::nullopt;
  std::coroutine_handle<> caller_ = nullptr;
  std::atomic<bool> decided_ = false;
  std::atomic<bool> met_ = false;  ///< The caller is suspended, or the result is decided.
  std::shared_ptr<GuardedCall> by_call_ = nullptr;
  std::shared_ptr<GuardedCall> by_alarm_ = nullptr;
  AlarmSlot alarm_ = {};
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
