#pragma once

/// \file
/// A thread that runs the operations of a database in batches, and how a coroutine waits for one.
/// Internal.

#include <vx11/clock.hpp>

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "store/sqlite_connection.hpp"
#include "threads/offload.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// One operation, part of the coroutine that waits for it.
class Job : public QueuedJob {
 public:
  explicit Job(TimePoint until) noexcept : until_(until) {}
  ~Job() override = default;

  virtual bool reads() const noexcept = 0;
  /// When it fails unless it has begun.
  TimePoint until() const noexcept { return until_; }
  Code code() const noexcept { return code_; }
  void end_with(Code code) noexcept { code_ = code; }

 private:
  friend class Lane;
  /// On the executor of the waiting coroutine.
  void run() override { waiting_.resume(); }
  void wait_blocked() noexcept;
  void release_blocked() noexcept;

  const TimePoint until_;
  Code code_ = SQLITE_NOMEM;      ///< Until it has ended: the lane may have no memory for it.
  Executor* executor_ = nullptr;  ///< Null: the waiting thread is blocked.
  std::coroutine_handle<> waiting_ = nullptr;
  std::atomic<int> released_ = 0;
};

using Jobs = std::vector<Job*>;

/// Beside SQLite's codes: the queue of a lane is full.
inline constexpr Code kQueueIsFull = -2;

/// The queue and the thread. Operations that wait are taken together, at most `kMostTogether`.
///
/// A coroutine on an event loop is suspended and resumed there. Those of one turn of a loop are
/// queued together at its end, so that they share a transaction; those of one loop are resumed by
/// one wake-up. On a thread without a loop the caller is blocked. **Thread-safe.** The destructor
/// runs what is queued.
class Lane {
 public:
  static constexpr std::size_t kMostTogether = 256;

  /// What a lane is for; called on its thread.
  struct Work {
    /// Ends all jobs. If it throws, the others fail with SQLITE_NOMEM.
    std::function<void(Jobs& jobs)> run;
    std::function<void()> after = [] {};  ///< After their callers were resumed.
    /// Whether there is work that can wait until there was nothing else to do for two seconds.
    std::function<bool()> has_idle_work = [] { return false; };
    std::function<void()> do_idle_work = [] {};
  };

  /// \param most the most operations that wait; further ones fail with `kQueueIsFull`
  Lane(std::size_t most, Work work);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();

  /// `co_await lane.run(job)`: the job's code is set afterwards.
  auto run(Job& job) noexcept { return Waiting{*this, job}; }

  /// Idle work was added: wakes the thread if it waits without a time limit.
  void note_idle_work() noexcept;

 private:
  struct Waiting {
    Lane& lane;
    Job& job;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiting) const { return lane.enqueue(job, waiting); }
    void await_resume() const noexcept {}
  };

  /// What was added in one turn of a loop; posted there while there is any, so it needs the lane
  /// no longer than the operations themselves do. Used on the loop's thread.
  struct Turn final : QueuedJob {
    Turn(Lane& lane, Executor& executor) noexcept : lane(lane), executor(executor) {}
    void run() override { lane.queue(jobs.take_all(), std::exchange(count, 0)); }
    void drop() noexcept override { run(); }

    Lane& lane;
    Executor& executor;
    JobQueue jobs = {};
    std::size_t count = 0;
  };

  bool enqueue(Job& job, std::coroutine_handle<> waiting);
  bool admit(Job& job) noexcept;
  void queue(JobQueue jobs, std::size_t count) noexcept;
  Turn& turn_of(Executor& executor);
  void work();
  bool take();
  JobQueue take_some() noexcept;
  void run_all() noexcept;
  void gather(std::unique_lock<std::mutex>& lock);
  bool wait_for_jobs(std::unique_lock<std::mutex>& lock);
  void resume() noexcept;

  const std::size_t most_;
  const Work work_;
  Jobs jobs_;  ///< Those that run. It has room for all, so that taking them needs no memory.
  std::mutex mutex_;
  std::condition_variable changed_;
  JobQueue queue_;
  std::size_t queued_ = 0;
  std::atomic<std::size_t> waits_ = 0;        ///< Queued, or to be queued at the end of a turn.
  std::vector<std::unique_ptr<Turn>> turns_;  ///< One for each loop.
  const std::uint64_t number_;                ///< No other lane has it.
  bool gathers_ = false;                      ///< Many came together the last time.
  bool waiting_ = false;                      ///< The thread waits for `changed_`.
  bool stopping_ = false;
  std::atomic<bool> dozing_ = false;  ///< It waits without a time limit.
  std::thread thread_;
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
