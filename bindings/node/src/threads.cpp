#include "threads.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace vx11::node {
namespace {

/// Starts threads on demand up to a limit and queues further jobs. Never destroyed: threads may
/// still wait for upstreams when the process ends.
class Threads {
 public:
  explicit Threads(std::size_t most) : most_(most) {}

  bool run(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
    if (idle_ < waiting_.size() && started_ < most_ && !start() && started_ == 0) {
      waiting_.pop_back();
      return false;
    }
    changed_.notify_one();
    return true;
  }

 private:
  bool start() {
    try {
      std::thread([this] { serve(); }).detach();
    } catch (const std::system_error&) {
      return false;
    }
    ++started_;
    return true;
  }

  [[noreturn]] void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_;
      changed_.wait(lock, [this] { return !waiting_.empty(); });
      --idle_;
      auto work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
      work = nullptr;
      lock.lock();
    }
  }

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;
  std::size_t started_ = 0;
};

std::int64_t now_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

bool run_aside(Wait wait, std::function<void()> work) {
  static auto& threads = *new std::array<Threads, 3>{Threads(512), Threads(32), Threads(8)};
  return threads[static_cast<std::size_t>(wait)].run(std::move(work));
}

Limit::Limit(std::int64_t ms)
    : end_ms_(ms < 0 || ms > std::numeric_limits<std::int64_t>::max() / 2 ? -1 : now_ms() + ms) {}

std::int64_t Limit::left_ms() const {
  return end_ms_ < 0 ? -1 : std::max<std::int64_t>(0, end_ms_ - now_ms());
}

}  // namespace vx11::node
