#pragma once

/// \file
/// `Workers`: a bounded thread pool for blocking work. Internal.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Runs functions on a limited number of threads, immediately or at a point in time.
///
/// Threads are created when no idle one is left, so an unused pool costs none. Jobs run in the
/// order of their due times; equal ones in the order of submission. An exception from a job is
/// dropped.
///
/// **Thread-safe**, but once the destructor has begun only jobs may submit further jobs. The
/// destructor runs due jobs, drops the others, and waits for running ones; a job may call it.
class VX11_API Workers {
 public:
  using Job = std::function<void()>;

  /// `most`: the maximum number of threads; at least one.
  explicit Workers(std::size_t most);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers();

  /// Does the destructor's work earlier. No job may be submitted afterwards.
  void shut_down();

  /// Runs `job` as soon as a thread is free; on the calling thread if the system cannot create even
  /// one thread.
  void run(const Job& job);
  /// Runs `job` once the machine's monotonic clock reaches `when` and a thread is free.
  void run_at(TimePoint when, Job job);

 private:
  struct Entry {
    TimePoint due;
    std::uint64_t number;
    Job job;
  };
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const noexcept {
      return a.due != b.due ? a.due > b.due : a.number > b.number;
    }
  };
  /// Shared with the threads, because the one that destroys the pool briefly outlives it.
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::priority_queue<Entry, std::vector<Entry>, Later> queue;
    std::uint64_t next_number = 0;
    std::size_t idle = 0;
    bool stopping = false;
  };

  /// \return whether there is a thread to run it.
  bool enqueue(TimePoint due, Job job);
  void grow();
  static void work(State& state);
  static bool take(State& state, Job& job);

  const std::size_t most_;
  const std::shared_ptr<State> state_;
  std::vector<std::thread> threads_;  ///< Guarded by the state's mutex.
};

}  // namespace v0
}  // namespace vx11
