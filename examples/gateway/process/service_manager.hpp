#pragma once

/// \file
/// Reports to the service manager (systemd) that started the process, by the protocol of
/// sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names.

#include <vx11/clock.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "gateway/settings/config_load.hpp"

namespace gateway {

/// Thread-safe. Without a socket every report is dropped.
class ServiceManager {
 public:
  /// \param socket path of a datagram socket, or `@name` of an abstract one; empty: none
  explicit ServiceManager(std::string socket = {}) : socket_(std::move(socket)) {}
  /// The one that NOTIFY_SOCKET names.
  explicit ServiceManager(const Environment& environment)
      : ServiceManager(environment("NOTIFY_SOCKET").value_or("")) {}

  void ready(std::string_view status) const;
  /// With the time that Type=notify-reload needs to match the report with its signal.
  void reloading(std::string_view status) const;
  void stopping(std::string_view status) const;
  void alive() const;

 private:
  void send(const std::string& text) const;

  std::string socket_;
  mutable std::atomic<bool> failed_{false};  ///< Logged once.
};

/// How often the service manager expects `alive`: WATCHDOG_USEC, if WATCHDOG_PID is not set to
/// another process. None: it does not watch.
std::optional<Duration> watchdog_limit(const Environment& environment);

/// Reports `alive` three times in each `limit`, while `turns` returns true. On a thread of its own:
/// the main thread may wait for a file system.
class Watchdog {
 public:
  /// \param turns called on the watchdog's thread
  Watchdog(const ServiceManager& manager, Duration limit, std::function<bool()> turns);

 private:
  std::jthread thread_;
};

}  // namespace gateway
