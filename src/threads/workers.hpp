#pragma once

/// \file
/// `Workers`: a bounded pool of threads for work that blocks. Internal.

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

/// Runs functions on at most a given number of threads, at once or at a point in time.
///
/// Threads are made when work finds none idle, so a pool that is never used costs none. What is due
/// first runs first; of equals the one that came first. An exception that a job throws is dropped.
///
/// **Thread-safe**, but nobody may hand in work once the destructor has begun, except the jobs
/// themselves. The destructor runs what is due, drops what is not, and waits for what runs; it may
/// be called by a job.
class VX11_API Workers {
 public:
  using Job = std::function<void()>;

  /// `most` is the number of threads at most; at least one.
  explicit Workers(std::size_t most);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers();

  /// What the destructor does, done earlier. No job may be handed in afterwards.
  void shut_down();

  /// Runs `job` as soon as a thread is free. Where the system gives not even one thread, on the
  /// caller's.
  void run(const Job& job);
  /// Runs `job` once the machine's monotonic clock reads `when`, if a thread is free then.
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
  /// Shared with the threads, because the one that destroys the pool outlives it by a moment.
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::priority_queue<Entry, std::vector<Entry>, Later> queue;
    std::uint64_t next_number = 0;
    std::size_t idle = 0;
    bool stopping = false;
  };

  /// \return whether there is a thread to run it on.
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
