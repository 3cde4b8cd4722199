#include "net/loop/loop.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <memory>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>

#include "net/loop/short_time_slice.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

Loop::Wakeup::Wakeup() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Loop::Wakeup::wake() const noexcept {
  ::eventfd_write(event_.get(), 1);
}

namespace {

/// An exception, usually for want of memory, ends the job and not the process.
template <class Run>
void run_quietly(const Run& run) noexcept {
  try {
    run();
  } catch (const std::exception&) {  // no one to report it to
  }
}

/// A function that owns itself while it is queued.
class FunctionJob final : public QueuedJob {
 public:
  explicit FunctionJob(Loop::Function function) : function_(std::move(function)) {}

 private:
  void run() override {
    const std::unique_ptr<FunctionJob> self(this);
    function_();
  }
  void drop() noexcept override { delete this; }

  Loop::Function function_;
};

}  // namespace

Loop::Loop() {
  if (!poller.add(wakeup_.descriptor(), wakeup_))
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

Loop::~Loop() {
  locals_.clear();
  while (has_posted_.load(std::memory_order_relaxed)) run_posted();
  while (QueuedJob* const job = later_.pop()) job->drop();
}

void Loop::run() {
  const ExecutorScope stay(*this);
  const ShortTimeSlice short_time_slice;
  current_ = this;
  TimePoint ended = TimerWheel::now();
  while (!stopped_.load(std::memory_order_relaxed)) {
    const bool worked = poller.turn(has_jobs() ? 0 : timers.wait_at_most());
    if (worked && !call_is_due_ && after_work_) note_work();
    timers.fire_due();
    if (has_posted_.load(std::memory_order_relaxed)) run_posted();
    if (!later_.empty()) run_later();
    const TimePoint begun = std::max(ended, poller.woken_at());
    ended = TimerWheel::now();
    turns.note(begun, ended);
    if (poller.has_more()) short_time_slice.yield();
  }
  ending_ = true;
  end_the_rest();
  current_ = nullptr;
}

std::uint64_t Loop::new_owner() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

void Loop::call_after_work(Function work, Duration pause) {
  after_work_ = std::move(work);
  pause_ = pause;
}

void Loop::note_work() noexcept {
  call_is_due_ = true;
  after_work_timer_.arm(TimerWheel::in(pause_));
}

void Loop::after_work(void* self) {
  auto& loop = *static_cast<Loop*>(self);
  loop.call_is_due_ = false;
  if (!loop.ending_) run_quietly(loop.after_work_);
}

/// Calls without a waiting request, such as health probes, may still be in progress. Ending one may
/// begin another, for example at the next upstream, which ends at once too; hence several rounds.
void Loop::end_the_rest() {
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds && (timers.any() || has_jobs()); ++round) {
    timers.fire_all();
    if (has_posted_.load(std::memory_order_relaxed)) run_posted();
    run_later();
  }
}

void Loop::stop() noexcept {
  stopped_.store(true, std::memory_order_relaxed);
  wakeup_.wake();
}

/// A post to an empty queue wakes the loop, unless it comes from the loop's own thread, which
/// checks the queue before it waits.
void Loop::post(QueuedJob& job) noexcept {
  JobQueue jobs;
  jobs.push(job);
  post_all(jobs);
}

void Loop::post_all(JobQueue jobs) noexcept {
  if (jobs.empty()) return;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    posted_.append(jobs);
    first = !has_posted_.exchange(true, std::memory_order_relaxed);
  }
  if (first && current_ != this) wakeup_.wake();
}

void Loop::post(Function function) {
  post(*std::make_unique<FunctionJob>(std::move(function)).release());
}

/// Few in each turn, so that what has had its share delays the others by little however many there
/// are of it; and each once, also if it queues itself again.
void Loop::run_later() {
  constexpr int kAtOnce = 4;
  JobQueue waiting = later_.take_all();
  for (int i = 0; i < kAtOnce; ++i) {
    QueuedJob* const job = waiting.pop();
    if (job == nullptr) break;
    run_quietly([job] { job->run(); });
  }
  waiting.append(later_.take_all());
  later_ = waiting;
}

/// Jobs posted by a job run in the next iteration, so that sockets are served in between.
void Loop::run_posted() {
  JobQueue jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs = posted_.take_all();
    has_posted_.store(false, std::memory_order_relaxed);
  }
  while (QueuedJob* const job = jobs.pop()) run_quietly([job] { job->run(); });
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
