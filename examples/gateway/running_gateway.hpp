#pragma once

/// \file
/// The gateway while it runs: its listener, and the parts that serve requests, which are replaced
/// when the configuration is read again.

#include <vx11/replaceable_handler.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "gateway/admin_answers.hpp"
#include "gateway/auth/authenticator.hpp"
#include "gateway/front.hpp"
#include "gateway/gateway_state.hpp"
#include "gateway/log/log_level.hpp"
#include "gateway/process/reload_requests.hpp"
#include "gateway/retired_parts.hpp"
#include "gateway/settings/config_load.hpp"

namespace gateway {

/// Loads the configuration from the same sources again.
using LoadConfig = std::function<LoadedConfig()>;

/// Not thread-safe; for the main thread, which may block.
class RunningGateway {
 public:
  /// Binds the listener and makes the parts. Answers requests from `start` on.
  /// \param wake makes the main thread call `answer_requests`; called on any thread
  static vx11::Result<std::unique_ptr<RunningGateway>> make(LoadedConfig loaded, LoadConfig load,
                                                            std::function<void()> wake);
  RunningGateway(const RunningGateway&) = delete;
  RunningGateway& operator=(const RunningGateway&) = delete;
  ~RunningGateway();

  vx11::Result<void> start();
  const LoadedConfig& loaded() const noexcept { return loaded_; }
  Front& front() noexcept { return *front_; }

  /// Reads the configuration and the files that it names again. A configuration with a mistake
  /// changes nothing. Requests in progress end with the parts that admitted them.
  ReloadResult reload();
  /// Answers `POST /admin/reload` with the result of `read`, which calls `reload`; does not call it
  /// if there are no such requests.
  void answer_requests(const std::function<ReloadResult()>& read);
  /// Opens the logs of requests anew, after SIGHUP: their files may have been moved away.
  /// \param reloaded what the same signal has caused, for the audit log
  void reopen_logs(const ReloadResult& reloaded) const;
  /// To be called each second: reads files that have changed, lets the level of the log fall back,
  /// and destroys parts that are not used any more.
  void tend();

  /// From now on `/readyz` says no and reloads are refused.
  void begin_to_drain();
  /// \return the requests that were cut off
  std::size_t drain(Duration delay);

 private:
  RunningGateway(LoadedConfig loaded, LoadConfig load, std::function<void()> wake);

  vx11::Result<void> make_parts();
  ReloadResult reload_from(LoadedConfig next);
  vx11::Result<Credentials> credentials_for(const AuthConfig& auth) const;
  vx11::AdminActions admin_actions();
  template <class Read>
  void each_file(Read read);

  LoadedConfig loaded_;
  const LoadConfig load_;
  const std::shared_ptr<LogLevelControl> log_level_;  ///< Shared with calls that outlive this.
  ReloadRequests requests_;
  const std::shared_ptr<RetiredParts> retired_ = std::make_shared<RetiredParts>();
  std::unique_ptr<Front> front_ = {};
  Credentials credentials_ = {};
  GatewayState state_ = {};
  std::uint64_t evicted_sessions_ = 0;  ///< As logged.
  std::unique_ptr<vx11::ReplaceableHandler> handler_ = {};
};

}  // namespace gateway
