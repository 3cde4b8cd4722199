#pragma once

#include <vx11/clock.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <atomic>
#include <coroutine>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

/// A manual clock, and a timer that waits by it.
struct ManualTime {
  vx11::testing::ManualClock clock;
  std::shared_ptr<vx11::testing::ManualTimer> timer =
      std::make_shared<vx11::testing::ManualTimer>(clock);
};

/// A call that gives results in order, the last again and again, and remembers its deadlines.
class ScriptedCall {
 public:
  explicit ScriptedCall(std::vector<vx11::Result<int>> script) : script_(std::move(script)) {}

  vx11::Result<int> operator()(vx11::Deadline deadline) {
    deadlines.push_back(std::move(deadline));
    const std::size_t at = std::min(deadlines.size(), script_.size()) - 1;
    return script_[at];
  }
  std::size_t calls() const { return deadlines.size(); }

  std::vector<vx11::Deadline> deadlines;

 private:
  std::vector<vx11::Result<int>> script_;
};

inline vx11::Result<int> failed(vx11::Errc code) {
  return vx11::fail(code, "scripted");
}

/// The same function, awaited.
template <class Call>
auto awaited(Call& call) {
  return [&call](vx11::Deadline deadline) -> vx11::Task<vx11::Result<int>> {
    co_return call(std::move(deadline));
  };
}

/// Calls that stay under way until the test ends them, or until their stop token fires.
class OpenCalls {
 public:
  struct Open {
    std::coroutine_handle<> waiting = nullptr;
    std::optional<vx11::Result<int>> result = std::nullopt;
    vx11::Deadline deadline = {};
  };

  vx11::Task<vx11::Result<int>> operator()(vx11::Deadline deadline) {
    return under_way(*this, std::move(deadline));
  }
  std::size_t calls() const { return open_.size(); }
  const vx11::Deadline& deadline(std::size_t call) const { return open_.at(call).deadline; }
  bool stopped(std::size_t call) const { return open_.at(call).deadline.cancelled(); }

  void end(std::size_t call, vx11::Result<int> result) {
    Open& open = open_.at(call);
    open.result = std::move(result);
    open.waiting.resume();
  }
  /// Whether calls end by themselves, `cancelled`, when their stop token fires.
  bool heed_stop = true;

 private:
  struct Waiting {
    Open& open;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) const noexcept { open.waiting = handle; }
    void await_resume() const noexcept {}
  };

  static vx11::Task<vx11::Result<int>> under_way(OpenCalls& calls, vx11::Deadline deadline) {
    Open& open = calls.open_.emplace_back();
    open.deadline = deadline;
    const auto stop = [&calls, &open] {
      if (!calls.heed_stop || open.result) return;
      open.result = failed(vx11::Errc::cancelled);
      open.waiting.resume();
    };
    const std::stop_callback heed(deadline.stop_token(), stop);
    Waiting waiting{open};
    co_await waiting;
    co_return *open.result;
  }

  std::deque<Open> open_;
};

/// A task started by the test and observed from outside.
template <class T>
class Started {
 public:
  explicit Started(vx11::Task<T> task) : task_(std::move(task)) {
    if (vx11::detail::TaskAccess::start(
            task_, [](void* flag) { static_cast<std::atomic<bool>*>(flag)->store(true); },
            &done_)) {
      done_ = true;
    }
  }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  ~Started() = default;

  bool done() const { return done_; }
  T take() { return vx11::detail::TaskAccess::take(task_); }

 private:
  std::atomic<bool> done_{false};
  vx11::Task<T> task_;
};
template <class T>
Started(vx11::Task<T>) -> Started<T>;
