#pragma once

/// \file
/// The settings that vx11-operator alone has.

#include <vx11/clock.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/config/config_values.hpp"

namespace gateway {

/// `[gateway]`: how vx11-operator reaches vx11-gateway.
struct GatewayLinkConfig {
  HttpUrl url = {"http://127.0.0.1:8000"};
  /// Of the backend itself, for what it watches; empty: it watches nothing.
  Secret token = {};
  FilePath token_file = {};
  FilePath ca_file = {};  ///< Of authorities for https; empty: the system's.
  vx11::Duration watch_interval = std::chrono::seconds(3);
};

/// All of them.
struct BackendConfig {
  GatewayLinkConfig gateway = {};
  FilePath database = {};  ///< Empty: by XDG_STATE_HOME or HOME.
  bool read_only = false;
  vx11::Duration login_lifetime = std::chrono::hours(12);
  std::uint32_t logins_per_principal = 20;
  std::uint32_t most_sockets = 2'000;
  std::uint32_t sockets_per_principal = 1'000;
  std::uint32_t most_streams = 4'096;
  std::uint32_t streams_per_principal = 2'048;
  std::uint64_t most_events = 100'000;
  vx11::Duration events_age = std::chrono::hours(24 * 30);
  vx11::Duration most_window_ttl = std::chrono::hours(1);
  /// Origins whose pages may use cookies and WebSockets, besides the backend's own.
  std::vector<std::string> origins = {};
  FilePath console = {};  ///< A folder whose files replace the built-in ones.
};

}  // namespace gateway
