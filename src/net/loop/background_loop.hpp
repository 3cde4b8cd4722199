#pragma once

/// \file
/// An event loop on its own thread, for callers without a loop. Internal.

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "net/loop/loop.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Starts on first use and ends with its owner, which may be destroyed on the loop's own thread.
/// Thread-safe.
class BackgroundLoop {
 public:
  BackgroundLoop() = default;
  BackgroundLoop(const BackgroundLoop&) = delete;
  BackgroundLoop& operator=(const BackgroundLoop&) = delete;
  ~BackgroundLoop() {
    if (!thread_.joinable()) return;
    loop_->stop();
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }

  /// \return null if the system is out of descriptors, memory or threads; a later call tries again
  Loop* loop() noexcept {
    // No std::call_once: after a function that threw, C libraries other than glibc (musl) and
    // ThreadSanitizer leave every later call waiting.
    if (Loop* const running = running_.load(std::memory_order_acquire)) return running;
    const std::lock_guard lock(starting_);
    if (loop_ != nullptr) return loop_.get();
    try {
      auto loop = std::make_shared<Loop>();
      thread_ = std::thread([loop] { loop->run(); });
      loop_ = std::move(loop);
    } catch (const std::exception&) {
      return nullptr;
    }
    running_.store(loop_.get(), std::memory_order_release);
    return loop_.get();
  }

 private:
  std::mutex starting_;
  std::atomic<Loop*> running_ = nullptr;
  std::shared_ptr<Loop>
      loop_;  ///< Shared with the thread, which may outlive the owner by a moment.
  std::thread thread_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
