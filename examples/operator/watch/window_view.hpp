#pragma once

/// \file
/// The power window as the console shows it. Internal.

#include <vx11/power_state_client.hpp>

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace backend {

/// The state of the window, in the one shape of every `chat/window` route.
/// \param state null: unknown, which is shown as `degraded` with `reason`
nlohmann::json window_view(const vx11::PowerState* state, std::string_view reason, bool read_only);

/// When the window ends; none if it is held open.
std::optional<vx11::WallTime> end_of(const vx11::PowerWindow& window, vx11::WallTime now);

/// Reads the gateway's `GET /operator/power/state`, its body already parsed.
vx11::Result<vx11::PowerState> power_state_of(const nlohmann::json& body, vx11::WallTime now);

}  // namespace backend
