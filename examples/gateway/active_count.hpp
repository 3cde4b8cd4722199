#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "config.hpp"

namespace gateway {

/// Counts active items and waits until at most a given number is left. Thread-safe.
class ActiveCount {
 public:
  void enter() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --count_;
    fewer_.notify_all();
  }
  /// \return the current count; above `limit` only if `wait` has passed
  std::size_t wait_for_at_most(std::size_t limit, Duration wait) {
    std::unique_lock lock(mutex_);
    fewer_.wait_for(lock, wait, [&] { return count_ <= limit; });
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable fewer_;
  std::size_t count_ = 0;
};

}  // namespace gateway
