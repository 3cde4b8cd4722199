#pragma once

/// \file
/// Jobs that need no memory to be queued. Internal.

#include <vx11/export.hpp>

#include <coroutine>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// What an executor runs once. Part of the object that it belongs to, so that queueing it cannot
/// fail for want of memory. It must exist, and not be queued again, until `run` or `drop` has
/// begun, which may destroy it.
class VX11_API QueuedJob {
 public:
  QueuedJob() = default;
  QueuedJob(const QueuedJob&) = delete;
  QueuedJob& operator=(const QueuedJob&) = delete;

  virtual void run() = 0;
  /// Called instead of `run` if the executor ends first.
  virtual void drop() noexcept {}

 protected:
  virtual ~QueuedJob() = default;

 private:
  friend class JobQueue;
  QueuedJob* next_ = nullptr;
};

/// Resumes the coroutine that awaits it. What is awaited derives from it, says in `await_suspend`
/// which coroutine waits, and queues itself.
class ResumingJob : protected QueuedJob {
 public:
  void await_resume() const noexcept {}

 protected:
  std::coroutine_handle<> waiting_ = nullptr;

 private:
  void run() override { waiting_.resume(); }
};

/// Jobs in the order in which they were added. Not thread-safe.
class JobQueue {
 public:
  bool empty() const noexcept { return first_ == nullptr; }

  void push(QueuedJob& job) noexcept {
    job.next_ = nullptr;
    (empty() ? first_ : last_->next_) = &job;
    last_ = &job;
  }
  /// \return the first one, which is then no longer queued; null: there is none
  QueuedJob* pop() noexcept {
    QueuedJob* const job = first_;
    if (job != nullptr) first_ = std::exchange(job->next_, nullptr);
    return job;
  }
  /// Adds all of `others`, in their order.
  void append(JobQueue others) noexcept {
    if (others.empty()) return;
    (empty() ? first_ : last_->next_) = others.first_;
    last_ = others.last_;
  }
  JobQueue take_all() noexcept { return std::exchange(*this, JobQueue()); }

 private:
  QueuedJob* first_ = nullptr;
  QueuedJob* last_ = nullptr;  ///< Meaningful unless empty.
};

}  // namespace v0
}  // namespace vx11
