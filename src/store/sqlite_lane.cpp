#include "store/sqlite_lane.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace sqlite {

namespace {

/// How long idle work waits for more of it.
constexpr auto kIdle = std::chrono::seconds(2);
/// After as many operations at once more are worth a short wait. A longer one makes the
/// transactions larger, but leaves processors without work while all callers wait.
constexpr std::size_t kBusy = 4;
constexpr auto kGathering = std::chrono::microseconds(50);

std::uint64_t next_number() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

void Job::wait_blocked() noexcept {
  released_.wait(0, std::memory_order_acquire);
  while (released_.load(std::memory_order_acquire) != 2) {
  }
}

/// The waiting thread destroys the job as soon as it sees 2, so nothing may touch it afterwards.
void Job::release_blocked() noexcept {
  released_.store(1, std::memory_order_release);
  released_.notify_one();
  released_.store(2, std::memory_order_release);
}

Lane::Lane(std::size_t most, Work work)
    : most_(std::max<std::size_t>(most, 1)), work_(std::move(work)), number_(next_number()) {
  jobs_.reserve(kMostTogether);
  thread_ = std::thread([this] { this->work(); });
}

Lane::~Lane() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool Lane::enqueue(Job& job, std::coroutine_handle<> waiting) {
  job.waiting_ = waiting;
  Executor* const executor = Executor::current();
  job.executor_ = executor;
  Turn* const turn = executor == nullptr ? nullptr : &turn_of(*executor);
  if (!admit(job)) return false;
  if (turn != nullptr) {
    turn->jobs.push(job);
    if (turn->count++ == 0) executor->post(*turn);
    return true;
  }
  JobQueue alone;
  alone.push(job);
  queue(alone, 1);
  job.wait_blocked();
  return false;
}

bool Lane::admit(Job& job) noexcept {
  if (waits_.fetch_add(1, std::memory_order_relaxed) < most_) return true;
  waits_.fetch_sub(1, std::memory_order_relaxed);
  job.end_with(kQueueIsFull);
  return false;
}

/// From here on the jobs may be gone.
void Lane::queue(JobQueue jobs, std::size_t count) noexcept {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    queue_.append(jobs);
    queued_ += count;
    wake = std::exchange(waiting_, false);
  }
  if (wake) changed_.notify_one();
}

Lane::Turn& Lane::turn_of(Executor& executor) {
  struct Latest {
    std::uint64_t lane = 0;
    Turn* turn = nullptr;
  };
  thread_local Latest latest;
  if (latest.lane == number_ && &latest.turn->executor == &executor) return *latest.turn;
  const std::lock_guard lock(mutex_);
  const auto is_its = [&](const auto& turn) { return &turn->executor == &executor; };
  const auto found = std::ranges::find_if(turns_, is_its);
  Turn& turn = found != turns_.end()
                   ? **found
                   : *turns_.emplace_back(std::make_unique<Turn>(*this, executor));
  latest = {number_, &turn};
  return turn;
}

/// Either this sees that the thread dozes, or the thread sees the work before it does.
void Lane::note_idle_work() noexcept {
  if (!dozing_) return;
  {
    const std::lock_guard lock(mutex_);
    waiting_ = false;
  }
  changed_.notify_one();
}

void Lane::work() {
  for (; take(); jobs_.clear()) {
    run_all();
    resume();
    work_.after();
  }
}

void Lane::run_all() noexcept {
  try {
    work_.run(jobs_);
  } catch (...) {  // without memory: those that have not ended fail
  }
}

/// \return false: the lane ends
bool Lane::take() {
  std::unique_lock lock(mutex_);
  if (!wait_for_jobs(lock)) return false;
  if (gathers_) gather(lock);
  gathers_ = queued_ >= kBusy;
  JobQueue taken = queued_ <= kMostTogether ? queue_.take_all() : take_some();
  const std::size_t count = std::min(queued_, kMostTogether);
  queued_ -= count;
  lock.unlock();
  waits_.fetch_sub(count, std::memory_order_relaxed);
  while (QueuedJob* const job = taken.pop()) jobs_.push_back(static_cast<Job*>(job));
  return true;
}

JobQueue Lane::take_some() noexcept {
  JobQueue some;
  for (std::size_t i = 0; i < kMostTogether; ++i) some.push(*queue_.pop());
  return some;
}

/// Under load more operations come at once, and share pages and system calls.
void Lane::gather(std::unique_lock<std::mutex>& lock) {
  if (queued_ >= kMostTogether) return;
  lock.unlock();
  std::this_thread::sleep_for(kGathering);
  lock.lock();
}

bool Lane::wait_for_jobs(std::unique_lock<std::mutex>& lock) {
  const auto woken = [this] { return !waiting_ || stopping_; };
  while (queue_.empty()) {
    if (stopping_) return false;
    waiting_ = true;
    dozing_ = true;
    if (!work_.has_idle_work()) {
      changed_.wait(lock, woken);
      dozing_ = false;
      continue;
    }
    dozing_ = false;
    if (changed_.wait_for(lock, kIdle, woken)) continue;
    waiting_ = false;
    lock.unlock();
    work_.do_idle_work();
    lock.lock();
  }
  return true;
}

/// Each job may be gone once it was resumed.
void Lane::resume() noexcept {
  for (auto first = jobs_.begin(); first != jobs_.end(); ++first) {
    if (*first == nullptr) continue;
    Executor* const executor = (*first)->executor_;
    if (executor == nullptr) {
      (*first)->release_blocked();
      continue;
    }
    JobQueue together;
    for (auto job = first; job != jobs_.end(); ++job) {
      if (*job == nullptr || (*job)->executor_ != executor) continue;
      together.push(*std::exchange(*job, nullptr));
    }
    executor->post_all(together);
  }
}

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
