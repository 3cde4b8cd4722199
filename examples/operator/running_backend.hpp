#pragma once

/// \file
/// The backend while it runs: its parts, its handler and its listener. Internal.

#include <vx11/replaceable_handler.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "gateway/front.hpp"
#include "gateway/retired_parts.hpp"
#include "gateway/settings/config_load.hpp"
#include "gateway/telemetry/request_logs.hpp"
#include "operator/backend_parts.hpp"

namespace backend {

/// Not thread-safe; for the main thread, which may block.
class RunningBackend {
 public:
  /// Opens the database, binds the listener and makes the parts. Answers requests from `start` on.
  static vx11::Result<std::unique_ptr<RunningBackend>> make(gateway::GatewayConfig config);
  RunningBackend(const RunningBackend&) = delete;
  RunningBackend& operator=(const RunningBackend&) = delete;
  ~RunningBackend();

  vx11::Result<void> start();
  gateway::Front& front() noexcept { return *front_; }
  const gateway::GatewayConfig& config() const noexcept { return config_; }

  /// To be called each second: certificates that have changed, logins that have expired.
  void tend();
  /// Takes over what can change while the backend runs; logs mistakes, for which nothing changes,
  /// and what needs a restart. \return whether what `load` returns is in force
  bool reload(const std::function<gateway::LoadedConfig()>& load);
  /// After SIGHUP: the file of the access log may have been moved away.
  void reopen_logs() const;
  /// From now on `/readyz` says no.
  void begin_to_drain();
  /// \return the requests that were cut off
  std::size_t drain(vx11::Duration delay);

 private:
  explicit RunningBackend(gateway::GatewayConfig config) : config_(std::move(config)) {}

  vx11::Result<void> make_all();
  /// What is released on an event loop, and may block when it is destroyed.
  template <class T>
  std::shared_ptr<T> retiring(std::shared_ptr<T> part) {
    return part == nullptr ? part : retired_->watch(std::move(part));
  }
  bool reload_from(gateway::LoadedConfig next);
  vx11::Result<void> take_over(const gateway::GatewayConfig& next);
  void tend_database();

  gateway::GatewayConfig config_;
  std::shared_ptr<gateway::RequestLogs> logs_ = {};
  std::unique_ptr<gateway::Front> front_ = {};  ///< What it calls ends after it: see `~`.
  std::unique_ptr<BackendParts> parts_ = {};
  std::shared_ptr<gateway::RetiredParts> retired_ = std::make_shared<gateway::RetiredParts>();
  std::unique_ptr<vx11::ReplaceableHandler> handler_ = {};
  vx11::TimePoint next_expiry_ = {};
  std::future<void> tending_ = {};  ///< Uses the parts, which end after it: see `~`.
};

}  // namespace backend
