#pragma once

/// \file
/// An event loop on a thread of its own, for callers that have none. Internal.

#include <mutex>
#include <optional>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>

#include "loop.hpp"

namespace vx11::inline v0::asio_detail {

/// Starts with the first use, ends with its owner. Thread-safe.
class BackgroundLoop {
 public:
  BackgroundLoop() = default;
  BackgroundLoop(const BackgroundLoop&) = delete;
  BackgroundLoop& operator=(const BackgroundLoop&) = delete;
  ~BackgroundLoop() {
    if (!thread_.joinable()) return;
    running_->loop.io.stop();
    thread_.join();
  }

  Loop& loop() {
    std::call_once(started_, [this] {
      running_.emplace();
      thread_ = std::thread([this] { running_->loop.run(); });
    });
    return running_->loop;
  }

 private:
  struct Running {
    Running() : work(loop.io.get_executor()) {}
    Loop loop;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  };

  std::once_flag started_;
  std::optional<Running> running_;
  std::thread thread_;
};

}  // namespace vx11::inline v0::asio_detail
