#pragma once

/// Scripted probes, and helpers to drive coroutines from a test.

#include <vx11/health_aggregator.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace vx11::fakes {

/// Long enough for slow machines; only tests of the limit itself use less.
inline constexpr auto kPatience = std::chrono::seconds(60);

/// Blocks waiters until it is opened.
class Gate {
 public:
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  /// Blocks until `count` threads have called `wait`.
  void wait_for_visitors(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

/// A barrier for `count` threads with a time limit.
class Rendezvous {
 public:
  explicit Rendezvous(int count) : missing_(count) {}
  bool meet() {
    std::unique_lock lock(mutex_);
    --missing_;
    changed_.notify_all();
    return changed_.wait_for(lock, kPatience / 2, [&] { return missing_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int missing_;
};

/// A blocking probe that calls a function and counts.
class CountingProbe final : public Probe {
 public:
  using Function = std::function<Result<ProbeAnswer>(const Deadline&)>;
  explicit CountingProbe(Function function) : function_(std::move(function)) {}

  Task<Result<ProbeAnswer>> look(Deadline deadline) override {
    ++looks_;
    Result<ProbeAnswer> seen = function_(deadline);
    ++returned_;
    co_return seen;
  }

  int looks() const noexcept { return looks_; }
  int returned() const noexcept { return returned_; }

 private:
  Function function_;
  std::atomic<int> looks_ = 0;
  std::atomic<int> returned_ = 0;
};

inline std::shared_ptr<CountingProbe> probe(CountingProbe::Function function) {
  return std::make_shared<CountingProbe>(std::move(function));
}
inline std::shared_ptr<CountingProbe> probe_that_says(Health health) {
  return probe([=](const Deadline&) { return health; });
}
inline std::shared_ptr<CountingProbe> probe_that_fails(Errc code) {
  return probe([=](const Deadline&) -> Result<Health> { return fail(code, "faked"); });
}
/// Ignores its deadline until `gate` is opened, which must outlive the aggregator.
inline std::shared_ptr<CountingProbe> probe_behind(Gate& gate, Health health = Health::ok) {
  return probe([&gate, health](const Deadline&) {
    gate.wait();
    return health;
  });
}

/// A required component with that probe.
inline HealthComponent required(std::string name, HealthCheck check, Duration limit = kPatience) {
  HealthComponent component;
  component.name = std::move(name);
  component.port = 8001;
  component.check = std::move(check);
  component.required = true;
  component.timeout = limit;
  return component;
}
inline HealthComponent optional(std::string name, HealthCheck check) {
  HealthComponent component = required(std::move(name), std::move(check));
  component.required = false;
  return component;
}

/// A started task; no thread blocks for it.
template <class T>
class Running {
 public:
  explicit Running(Task<T> task) : task_(std::move(task)) {
    const auto count_down = [](void* ended) { static_cast<std::latch*>(ended)->count_down(); };
    if (detail::TaskAccess::start(task_, count_down, &ended_)) {
      ended_.count_down();
    }
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  bool has_ended() const noexcept { return ended_.try_wait(); }
  T result() {
    ended_.wait();
    return detail::TaskAccess::take(task_);
  }

 private:
  Task<T> task_;
  std::latch ended_{1};
};

/// Suspends a coroutine until another thread resumes it.
class Baton {
 public:
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    {
      const std::lock_guard lock(mutex_);
      waiting_ = waiting;
    }
    changed_.notify_all();
  }
  void await_resume() const noexcept {}

  /// Waits until a coroutine has suspended, and resumes it on this thread.
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ != nullptr; });
    const auto waiting = std::exchange(waiting_, nullptr);
    lock.unlock();
    waiting.resume();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::coroutine_handle<> waiting_ = nullptr;
};

/// A probe over an event-driven transport: suspends, and ends on the thread that passes the baton.
class SuspendingProbe final : public Probe {
 public:
  bool blocks() const noexcept override { return false; }

  Task<Result<ProbeAnswer>> look(Deadline deadline) override {
    thread_ = std::this_thread::get_id();
    stop_ = deadline.stop_token();
    co_await baton_;
    co_return ProbeAnswer(Health::ok);
  }
  void answer() { baton_.pass(); }

  /// The thread on which the probe began.
  std::thread::id thread() const noexcept { return thread_; }
  bool cancelled() const noexcept { return stop_.stop_requested(); }

 private:
  std::thread::id thread_ = {};
  std::stop_token stop_ = {};
  Baton baton_;
};

}  // namespace vx11::fakes
