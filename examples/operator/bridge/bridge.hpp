#pragma once

/// \file
/// The WebSocket of the console: chats, events, status and power over one connection.

#include <vx11/clock.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "operator/api/api_routes.hpp"
#include "operator/api/authorizer.hpp"
#include "operator/api/places.hpp"
#include "operator/bridge/bridge_hub.hpp"
#include "operator/parts/parts.hpp"

namespace backend {

struct BridgeOptions {
  /// Confirms the credentials of open WebSockets again. Required.
  std::shared_ptr<Authorizer> authorizer = {};
  /// How clients that read stored events slowly are waited for. Required.
  std::shared_ptr<vx11::Timer> timer = {};
  /// Pages of other hosts that may open a WebSocket, such as `https://console.example`.
  std::vector<std::string> origins = {};
  /// WebSockets that are open. Half of them for one principal, so that others find room; one token
  /// may be that of many people.
  PlaceLimits sockets = {.all = 2'000, .per_principal = 1'000};
  BridgeLimits limits = {};
  /// How often credentials are confirmed again: so long a token that was revoked at the gateway, or
  /// a login that has expired, still receives events. Logging out ends it at once.
  vx11::Duration confirm_interval = std::chrono::seconds(15);
  vx11::SteadyClock clock = {};
};

/// `GET /operator/ws` and `POST /operator/api/ws-token`.
///
/// **Thread-safe.** Must outlive the server's run. The destructor stops its thread.
class Bridge {
 public:
  Bridge(const Parts& parts, BridgeOptions options);
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;
  ~Bridge();

  ApiRoutes routes() const;
  /// Of GET /metrics.
  std::vector<vx11::MetricFamily> metrics() const;
  /// Starts the thread that confirms credentials. Once.
  void start();
  /// Of WebSockets that are opened from now on.
  void configure(std::vector<std::string> origins, PlaceLimits sockets);
  /// Confirms the credentials of all WebSockets once, and closes those whose credential the gateway
  /// refuses, or whose scopes have changed, with 4401. Blocks. For the thread, and for tests.
  void confirm_callers();
  /// Closes the WebSockets of a login that has ended with 4401. `login` as `Caller::login`.
  void end_login(std::string_view login);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
  std::jthread thread_ = {};
};

}  // namespace backend
