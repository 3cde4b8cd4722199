#pragma once

/// \file
/// An event loop on a thread of its own, for callers that have none. Internal.

#include <mutex>
#include <optional>
#include <thread>

#include "net/loop/loop.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Starts with the first use, ends with its owner. Thread-safe.
class BackgroundLoop {
 public:
  BackgroundLoop() = default;
  BackgroundLoop(const BackgroundLoop&) = delete;
  BackgroundLoop& operator=(const BackgroundLoop&) = delete;
  ~BackgroundLoop() {
    if (!thread_.joinable()) return;
    loop_->stop();
    thread_.join();
  }

  Loop& loop() {
    std::call_once(started_, [this] {
      loop_.emplace();
      thread_ = std::thread([this] { loop_->run(); });
    });
    return *loop_;
  }

 private:
  std::once_flag started_;
  std::optional<Loop> loop_;
  std::thread thread_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
