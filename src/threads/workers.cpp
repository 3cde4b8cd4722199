#include "threads/workers.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace {

constexpr TimePoint kAtOnce = TimePoint::min();

TimePoint steady_now() noexcept {
  return SteadyClock().now();
}

void run_quietly(const Workers::Job& job) noexcept {
  try {
    job();
  } catch (...) {  // no one to report it to
  }
}

}  // namespace

Workers::Workers(std::size_t most)
    : most_(std::max<std::size_t>(most, 1)), state_(std::make_shared<State>()) {}

Workers::~Workers() {
  shut_down();
}

void Workers::shut_down() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.get_id() == std::this_thread::get_id()) {
      thread.detach();
    } else {
      thread.join();
    }
  }
  threads_.clear();
  work(*state_);  // for the jobs left to the detached thread, which must then find none
}

void Workers::run(const Job& job) {
  if (!enqueue(kAtOnce, job)) run_quietly(job);
}

void Workers::run_at(TimePoint when, Job job) {
  enqueue(when, std::move(job));
}

bool Workers::enqueue(TimePoint due, Job job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->idle <= state_->queue.size()) grow();
    if (threads_.empty() && due == kAtOnce) return false;
    state_->queue.push(Entry{due, state_->next_number++, std::move(job)});
  }
  state_->changed.notify_one();
  return true;
}

/// A queued entry reserves an idle thread even before that thread has woken; otherwise two jobs in
/// a row would rely on the same one.
void Workers::grow() {
  if (threads_.size() >= most_ || state_->stopping) return;
  try {
    threads_.emplace_back([state = state_] { work(*state); });
  } catch (const std::system_error&) {  // thread creation failed: the existing threads take the job
  }
}

void Workers::work(State& state) {
  for (Job job; take(state, job); job = nullptr) run_quietly(job);
}

/// Waits for due work.
/// \return false when the pool is stopping and no work is left.
bool Workers::take(State& state, Job& job) {
  std::unique_lock lock(state.mutex);
  while (state.queue.empty() || state.queue.top().due > steady_now()) {
    if (state.stopping) return false;
    ++state.idle;
    if (state.queue.empty()) {
      state.changed.wait(lock);
    } else {
      const TimePoint due = state.queue.top().due;
      state.changed.wait_until(lock, due);
    }
    --state.idle;
  }
  job = state.queue.top().job;
  state.queue.pop();
  // Each entry wakes only one thread, so the thread that takes one wakes the next to wait.
  if (!state.queue.empty()) state.changed.notify_one();
  return true;
}

}  // namespace v0
}  // namespace vx11
