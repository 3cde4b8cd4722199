#include <vx11/detail/alarm.hpp>
#include <vx11/net/timer.hpp>

#include <atomic>
#include <coroutine>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "net/loop/background_loop.hpp"
#include "net/loop/loop.hpp"

namespace vx11 {
inline namespace v0 {

namespace net_detail {

namespace {

/// One sleep. Shared, because a stop callback may arrive after its end.
class Sleep : public std::enable_shared_from_this<Sleep> {
 public:
  explicit Sleep(Loop& loop) : loop_(loop), timer_(loop.timers, &Sleep::over, this) {}

  void begin(TimePoint until, std::coroutine_handle<> sleeper) {
    sleeper_ = sleeper;
    timer_.arm(until);
  }
  /// Thread-safe.
  void stop() noexcept {
    stop_job_.keep(shared_from_this());
    loop_.post(stop_job_);
  }
  bool whole() const noexcept { return whole_; }

 private:
  /// At the end of the loop it fires before its time.
  static void over(void* self) noexcept {
    auto& sleep = *static_cast<Sleep*>(self);
    sleep.whole_ = !sleep.loop_.ending();
    sleep.wake();
  }
  void wake() {
    timer_.disarm();
    if (sleeper_) std::exchange(sleeper_, nullptr).resume();
  }

  Loop& loop_;
  WheelTimer timer_;
  SharedJob<Sleep, &Sleep::wake> stop_job_;
  std::coroutine_handle<> sleeper_ = nullptr;
  bool whole_ = false;
};

struct Asleep {
  Sleep& sleep;
  TimePoint until;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> sleeper) const { sleep.begin(until, sleeper); }
  bool await_resume() const noexcept { return sleep.whole(); }
};

/// An alarm in the wheel of the loop on which it was made. On another thread everything is handed
/// to that loop, in order.
class NetAlarm final : public detail::Alarm {
 public:
  NetAlarm(Loop& loop, Ring ring, void* whom) : loop_(loop), ring_(ring), whom_(whom) {}
  NetAlarm(const NetAlarm&) = delete;
  NetAlarm& operator=(const NetAlarm&) = delete;
  ~NetAlarm() override = default;

  void set(Duration time) override {
    const TimePoint at = TimerWheel::in(time);
    claimed_.store(false, std::memory_order_relaxed);  // no other thread uses the alarm yet
    if (here()) return arm(at);
    arming_.store(true, std::memory_order_relaxed);
    arm_job_.at = at;
    loop_.post(arm_job_);
  }
  bool cancel() noexcept override {
    if (here() && !arming_) {
      timer_.reset();
      return true;
    }
    // Only who claims it rings it, so that the alarm lives until the posted job has run.
    if (!claimed_.exchange(true)) {
      loop_.post(ring_job_);
    }
    return false;
  }
  bool ended() noexcept override { return loop_.ending(); }

 private:
  struct ArmJob final : QueuedJob {
    explicit ArmJob(NetAlarm& owner) noexcept : alarm(owner) {}
    void run() override {
      alarm.arming_ = false;
      alarm.arm(at);
    }
    NetAlarm& alarm;
    TimePoint at = {};
  };
  struct RingJob final : QueuedJob {
    explicit RingJob(NetAlarm& owner) noexcept : alarm(owner) {}
    void run() override {
      alarm.timer_.reset();
      alarm.ring_(alarm.whom_);
    }
    NetAlarm& alarm;
  };

  bool here() const noexcept { return Loop::current() == &loop_; }
  void arm(TimePoint at) {
    timer_.emplace(loop_.timers, &NetAlarm::fire, this);
    timer_->arm(at);
  }
  static void fire(void* self) {
    auto& alarm = *static_cast<NetAlarm*>(self);
    alarm.timer_.reset();
    if (!alarm.claimed_.exchange(true)) alarm.ring_(alarm.whom_);
  }

  Loop& loop_;
  Ring ring_;
  void* whom_;
  std::optional<WheelTimer> timer_ = std::nullopt;  ///< None: not set, or it has rung.
  std::atomic<bool> claimed_ = false;               ///< It has rung, or a posted job rings it.
  std::atomic<bool> arming_ = false;                ///< A posted job has still to arm it.
  ArmJob arm_job_{*this};
  RingJob ring_job_{*this};
};

class NetTimer final : public detail::AlarmTimer {
 public:
  void make_alarm(detail::AlarmSlot& slot, detail::Alarm::Ring ring, void* whom) override {
    if (Loop* const here = Loop::current()) return slot.emplace<NetAlarm>(*here, ring, whom);
    slot.emplace<detail::SleepAlarm>(*this, ring, whom);
  }
  Task<bool> sleep(Duration time, std::stop_token stop) override {
    Loop* const loop = loop_here();
    if (loop == nullptr) co_return false;
    ResumeOn on_loop(*loop);
    co_await on_loop;
    if (stop.stop_requested() || loop->ending()) co_return false;
    if (time <= Duration::zero()) co_return true;
    const auto sleep = std::make_shared<Sleep>(*loop);
    const std::stop_callback on_stop(std::move(stop), [&sleep] { sleep->stop(); });
    Asleep asleep{*sleep, Deadline::after(TimerWheel::now(), time).at()};
    co_return co_await asleep;
  }

 private:
  /// The calling thread's loop, or the timer's own; null if it cannot be started.
  Loop* loop_here() noexcept {
    Loop* const here = Loop::current();
    return here != nullptr ? here : background_.loop();
  }

  BackgroundLoop background_;
};

}  // namespace

}  // namespace net_detail

std::shared_ptr<Timer> make_net_timer() {
  return std::make_shared<net_detail::NetTimer>();
}

}  // namespace v0
}  // namespace vx11
