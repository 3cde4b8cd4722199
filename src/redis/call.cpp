#include "redis/call.hpp"

#include <utility>

namespace vx11 {
inline namespace v0 {
namespace redis {

using net_detail::Loop;

/// Takes a stop request to the loop; outlives the call if it is queued when that ends.
class Call::StopJob final : public QueuedJob, public std::enable_shared_from_this<StopJob> {
 public:
  StopJob(Loop& loop, Call& call) noexcept : loop_(loop), call_(&call) {}

  void watch(const std::stop_token& stop) { on_stop_.emplace(stop, OnStop{this}); }
  /// The callback's end is awaited here.
  void detach() noexcept {
    call_ = nullptr;
    on_stop_.reset();
  }

 private:
  struct OnStop {
    StopJob* job;
    void operator()() const noexcept {
      job->self_ = job->shared_from_this();
      job->loop_.post(*job);
    }
  };
  void run() override {
    const std::shared_ptr<StopJob> self = std::move(self_);
    if (call_ != nullptr) call_->stopped();
  }
  void drop() noexcept override { const std::shared_ptr<StopJob> self = std::move(self_); }

  Loop& loop_;
  Call* call_;  ///< Null once it has ended. On the loop's thread only.
  std::shared_ptr<StopJob> self_ = nullptr;
  std::optional<std::stop_callback<OnStop>> on_stop_ = std::nullopt;
};

Call::Call(Loop& loop, std::string_view bytes, std::size_t replies, bool writes,
           const Deadline& deadline)
    : loop_(loop),
      bytes_(bytes),
      expected_(replies),
      writes_(writes),
      limit_(loop.timers, &Call::overdue, this),
      stop_(deadline.stop_token()) {
  limit_.arm(deadline.at());
}

Call::~Call() {
  if (stop_job_) stop_job_->detach();
  leave_queue();
}

void Call::leave_queue() noexcept {
  if (CallQueue* const queue = std::exchange(queue_, nullptr)) queue->forget(*this);
}

void Call::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  if (!stop_.stop_possible()) return;
  stop_job_ = std::make_shared<StopJob>(loop_, *this);
  stop_job_->watch(stop_);
}

void Call::succeed() {
  queue_ = nullptr;
  end(std::nullopt);
}

void Call::fail(ErrorKind kind) {
  queue_ = nullptr;
  end(RedisError(kind, sent_));
}

void Call::overdue(void* self) {
  auto& call = *static_cast<Call*>(self);
  call.leave_queue();
  call.fail(call.loop_.ending() ? ErrorKind::cancelled : ErrorKind::timeout);
}

void Call::stopped() {
  leave_queue();
  fail(ErrorKind::cancelled);
}

/// A call that ends before it is awaited resumes no coroutine.
void Call::end(std::optional<RedisError> error) {
  if (done_) return;
  done_ = true;
  error_ = std::move(error);
  limit_.disarm();
  if (stop_job_) std::exchange(stop_job_, nullptr)->detach();
  if (waiting_) std::exchange(waiting_, nullptr).resume();
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
