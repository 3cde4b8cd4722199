#pragma once

/// \file
/// The backend while it runs: its parts, its handler and its listener. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <future>
#include <memory>
#include <utility>

#include "backend_parts.hpp"
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

  /// To be called each second: certificates that have changed, logins that have expired.
  void tend();
  /// After SIGHUP: the file of the access log may have been moved away.
  void reopen_logs() const;
  /// From now on `/readyz` says no.
  void begin_to_drain();
  /// \return the requests that were cut off
  std::size_t drain(vx11::Duration delay);

 private:
  explicit RunningBackend(const gateway::GatewayConfig& config) : config_(config) {}

  vx11::Result<void> make_all();
  void tend_database();

  const gateway::GatewayConfig config_;
  std::shared_ptr<gateway::RequestLogs> logs_ = {};
  std::unique_ptr<gateway::Front> front_ = {};  ///< What it calls ends after it: see `~`.
  std::unique_ptr<BackendParts> parts_ = {};
  std::shared_ptr<vx11::HttpHandler> handler_ = {};
  vx11::TimePoint next_expiry_ = {};
  std::future<void> tending_ = {};  ///< Uses the parts, which end after it: see `~`.
};

}  // namespace backend
