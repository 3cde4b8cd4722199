#pragma once

/// \file
/// Status, modules and topology, from what the gateway reports. Internal.

#include <vx11/power_state_client.hpp>

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace backend {

/// What is known of the system at one moment.
struct SystemEvidence {
  vx11::WallTime at = {};
  nlohmann::json status = nlohmann::json::object();  ///< `GET /operator/status` of the gateway.
  std::optional<vx11::PowerState> power = std::nullopt;
  std::string power_reason = {};  ///< Why `power` is unknown.
};

/// Whether `body` has what the views need: what answers 200 may still not be the gateway.
bool is_gateway_status(const nlohmann::json& body);

/// `GET status`.
nlohmann::json status_view(const SystemEvidence& evidence);
/// `GET modules`.
nlohmann::json modules_view(const SystemEvidence& evidence);
/// `GET topology`.
nlohmann::json topology_view(const SystemEvidence& evidence);

}  // namespace backend
