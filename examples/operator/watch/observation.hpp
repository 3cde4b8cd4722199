#pragma once

/// \file
/// What one look at the gateway has shown, as values that can change. Internal.

#include <vx11/clock.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/task.hpp>

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/events/status_feed.hpp"
#include "operator/gateway/gateway_client.hpp"

namespace backend {

/// Something whose changes are events.
struct WatchedValue {
  std::string family = {};  ///< "gateway", "watcher", "component", "breaker", "objective".
  std::string name = {};
  std::string value = {};  ///< "ok", "open", "away" …
  std::string reason = {};
  /// The value of the family's normal state: first sight of it is no news.
  bool is_normal = true;

  std::string key() const { return family + ":" + name; }
};

/// One look.
struct Observation {
  vx11::WallTime at = {};
  std::vector<WatchedValue> values = {};
  bool knows_power = false;  ///< `window` is known; else it is left as it was.
  std::optional<vx11::PowerWindow> window = std::nullopt;
  StatusSnapshot snapshot = {};
};

/// Asks the gateway for everything that is watched, side by side, with `caller`'s token.
vx11::Task<Observation> observe(GatewayClient& gateway, Caller caller, vx11::Deadline deadline,
                                vx11::WallTime now, LatencySeries& latencies);

}  // namespace backend
