#pragma once

/// \file
/// The backend while it runs: its parts, its handler and its listener. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <memory>
#include <string>

#include "config.hpp"
#include "front.hpp"
#include "request_logs.hpp"

namespace backend {

/// Not thread-safe; for the main thread, which may block.
class RunningBackend {
 public:
  /// Opens the database, binds the listener and makes the parts. Answers requests from `start` on.
  static vx11::Result<std::unique_ptr<RunningBackend>> make(const gateway::GatewayConfig& config);
  RunningBackend(const RunningBackend&) = delete;
  RunningBackend& operator=(const RunningBackend&) = delete;
  ~RunningBackend();

  vx11::Result<void> start();
  gateway::Front& front() noexcept { return *front_; }
  /// Where the console's files come from, for the log.
  const std::string& console() const noexcept { return console_; }

  /// To be called each second: certificates that have changed, logins that have expired.
  void tend();
  /// After SIGHUP: the file of the access log may have been moved away.
  void reopen_logs() const;
  /// From now on `/readyz` says no.
  void begin_to_drain();
  /// \return the requests that were cut off
  std::size_t drain(vx11::Duration delay);

 private:
  struct Made;
  RunningBackend();

  vx11::Result<void> make_all(const gateway::GatewayConfig& config);
  vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_handler();

  gateway::GatewayConfig config_ = {};
  std::string console_ = {};
  std::shared_ptr<gateway::RequestLogs> logs_ = {};
  std::unique_ptr<Made> made_;
  std::unique_ptr<gateway::Front> front_ = {};  ///< Ends before what it calls.
};

}  // namespace backend
