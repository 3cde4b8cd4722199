#pragma once

/// \file
/// Chats that use an SQLite store side by side.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "session_store_calls.hpp"
#include "sqlite_session_file.hpp"
#include "threads/detached.hpp"
#include "threads/offload.hpp"

namespace sqlite_session_site {

using namespace session_store_suite_parts;
using vx11::Result;
using vx11::Task;

/// An event loop that runs when the test says so.
class Loop final : public vx11::Executor {
 public:
  void post(vx11::QueuedJob& job) noexcept override {
    vx11::JobQueue jobs;
    jobs.push(job);
    post_all(jobs);
  }
  void post_all(vx11::JobQueue jobs) noexcept override {
    const std::lock_guard lock(mutex_);
    queue_.append(jobs);
    ++wake_ups_;
    changed_.notify_one();  // locked, because the loop may end as soon as it has the jobs
  }
  /// Runs jobs until `done`.
  template <class Done>
  void run_until(const Done& done) {
    while (!done()) {
      vx11::JobQueue jobs;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !queue_.empty(); });
        jobs = queue_.take_all();
      }
      const ExecutorScope here(*this);
      while (vx11::QueuedJob* const job = jobs.pop()) job->run();
    }
  }
  int wake_ups() const noexcept { return wake_ups_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  vx11::JobQueue queue_;
  int wake_ups_ = 0;
};

/// Turns that are stored side by side, as those of many chats.
class Chats {
 public:
  explicit Chats(std::shared_ptr<SessionStore> store) : store_(std::move(store)) {}

  void append(const std::string& id, const Turn& said) {
    const vx11::Executor::ExecutorScope here(loop);
    ++under_way_;
    vx11::run_detached(store_, keep(this, store_->append(id, "u", said)));
  }
  /// \return the reasons of the failures
  std::vector<std::string> wait() {
    loop.run_until([this] { return under_way_ == 0; });
    return std::exchange(failures_, {});
  }

  Loop loop;

 private:
  static Task<void> keep(Chats* self, Task<Result<void>> appending) {
    const Result<void> stored = co_await std::move(appending);
    if (!stored) self->failures_.push_back(stored.error().detail);
    --self->under_way_;
  }

  std::shared_ptr<SessionStore> store_;
  int under_way_ = 0;
  std::vector<std::string> failures_;
};

inline std::string summary(SessionStore& store, const std::string& id) {
  auto text = vx11::sync_wait(store.summary(id, "why?"));
  REQUIRE(text);
  return *std::move(text);
}

/// Patience that a test which holds a lock cannot exhaust.
inline std::shared_ptr<SessionStore> open_patient(const std::string& path,
                                                  vx11::SessionLimits limits = {}) {
  return open_with(path, {.limits = limits, .patience = std::chrono::minutes(1)});
}

}  // namespace sqlite_session_site
