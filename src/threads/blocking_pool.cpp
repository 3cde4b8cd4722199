#include <vx11/blocking.hpp>
#include <vx11/detail/mistakes.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "threads/offload.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// One call and the coroutine that waits for it; part of that.
class WaitingCall final : public QueuedJob {
 public:
  WaitingCall(detail::BlockingCall& call, Deadline deadline)
      : call_(call), deadline_(std::move(deadline)) {}

  void wait_as(std::coroutine_handle<> waiting) noexcept {
    waiting_ = waiting;
    executor_ = Executor::current();
  }
  bool blocks() const noexcept { return executor_ == nullptr; }
  void refuse(Errc code, std::string why) { outcome_ = fail(code, std::move(why)); }
  Result<> take_outcome() { return std::move(outcome_); }

  /// On a thread of the pool. The call may be gone when this returns.
  void make(const SteadyClock& clock) {
    if (deadline_.cancelled()) {
      refuse(Errc::cancelled, "cancelled before its turn");
    } else if (!deadline_.never() && deadline_.passed(clock.now())) {
      refuse(Errc::timeout, "waited too long for its turn");
    } else {
      call_.call();
    }
    executor_ != nullptr ? executor_->post(*this) : release();
  }

  /// On a thread that has no executor. The 2 is the last access to this, so that the waiting thread
  /// does not destroy it too early.
  void wait_blocked() noexcept {
    released_.wait(0, std::memory_order_acquire);
    while (released_.load(std::memory_order_acquire) != 2) {
    }
  }

 private:
  void run() override { waiting_.resume(); }
  void release() noexcept {
    released_.store(1, std::memory_order_release);
    released_.notify_one();
    released_.store(2, std::memory_order_release);
  }

  detail::BlockingCall& call_;
  const Deadline deadline_;
  Result<> outcome_ = {};
  Executor* executor_ = nullptr;  ///< Null: the waiting thread is blocked.
  std::coroutine_handle<> waiting_ = nullptr;
  std::atomic<int> released_ = 0;
};

}  // namespace

Result<> validate(const BlockingPoolOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.threads >= 1, "threads", "at least 1");
  mistakes.require(options.queue >= 1, "queue", "at least 1");
  return std::move(mistakes).result();
}

class BlockingPool::Impl {
 public:
  explicit Impl(const BlockingPoolOptions& options)
      : threads_limit_(std::max<std::size_t>(options.threads, 1)),
        queue_limit_(std::max<std::size_t>(options.queue, 1)),
        clock_(options.clock) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  /// \return false: refused, with the reason in `call`
  bool enqueue(WaitingCall& call) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_ >= queue_limit_) {
        call.refuse(Errc::rejected, "too many calls wait for a thread");
        return false;
      }
      if (idle_ <= waiting_) grow();
      if (threads_.empty()) {
        call.refuse(Errc::exhausted, "the system starts no further thread");
        return false;
      }
      queue_.push(call);
      ++waiting_;
    }
    changed_.notify_one();
    return true;
  }

  std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  /// With fewer threads calls only wait longer.
  void grow() {
    if (threads_.size() >= threads_limit_) return;
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
    }
  }

  void work() {
    while (WaitingCall* const call = next()) call->make(clock_);
  }

  WaitingCall* next() {
    std::unique_lock lock(mutex_);
    ++idle_;
    changed_.wait(lock, [this] { return waiting_ != 0 || stopping_; });
    --idle_;
    if (waiting_ == 0) return nullptr;
    --waiting_;
    return static_cast<WaitingCall*>(queue_.pop());
  }

  const std::size_t threads_limit_;
  const std::size_t queue_limit_;
  const SteadyClock clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  JobQueue queue_;
  std::size_t waiting_ = 0;  ///< As many as `queue_` has.
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

namespace {

/// `co_await`: until the call was made or refused.
template <class Pool>
class UntilMade {
 public:
  UntilMade(Pool& pool, WaitingCall& call) noexcept : pool_(pool), call_(call) {}
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiting) const {
    call_.wait_as(waiting);
    const bool blocks = call_.blocks();
    if (!pool_.enqueue(call_)) return false;
    if (!blocks) return true;  // the coroutine may be gone by now
    call_.wait_blocked();
    return false;
  }
  void await_resume() const noexcept {}

 private:
  Pool& pool_;
  WaitingCall& call_;
};

}  // namespace

BlockingPool::BlockingPool(BlockingPoolOptions options) : impl_(std::make_unique<Impl>(options)) {}

BlockingPool::~BlockingPool() = default;

Task<Result<>> BlockingPool::run_call(detail::BlockingCall& call, Deadline deadline) {
  WaitingCall waiting(call, std::move(deadline));
  UntilMade<Impl> made(*impl_, waiting);
  co_await made;
  co_return waiting.take_outcome();
}

std::size_t BlockingPool::waiting() const {
  return impl_->waiting();
}

}  // namespace v0
}  // namespace vx11
