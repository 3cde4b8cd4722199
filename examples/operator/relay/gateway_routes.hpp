#pragma once

/// \file
/// The routes that are answered by asking the gateway: status, windows, chats, services, breakers.

#include <vx11/clock.hpp>

#include <chrono>

#include "operator/api/api_routes.hpp"
#include "operator/parts/parts.hpp"

namespace backend {

/// What the routes to the gateway may do.
struct GatewayRouteOptions {
  /// Writes are answered 403 `OFF_BY_POLICY`, whatever the caller's scopes are.
  bool read_only = false;
  /// The longest time for which a window is opened; one that is held open is not bounded.
  std::chrono::seconds max_window_ttl = std::chrono::hours(1);
  /// Of calls that read. The gateway answers status within little more than two seconds.
  vx11::Duration read_timeout = std::chrono::seconds(5);
  /// Of power commands. More than the gateway's `power.command_limit`, whose 504 is passed on.
  vx11::Duration command_timeout = std::chrono::seconds(65);
  /// Of a chat until its answer, or the head of its stream, arrives.
  vx11::Duration chat_timeout = std::chrono::minutes(2);
  vx11::SteadyClock clock = {};
  vx11::WallClock wall_clock = {};
};

ApiRoutes gateway_routes(const Parts& parts, const GatewayRouteOptions& options = {});

}  // namespace backend
