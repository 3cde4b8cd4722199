#pragma once

/// \file
/// What a caller may send to open and close windows. Internal.

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "operator/api/api_routes.hpp"

namespace backend {

/// The order for the gateway: time and mode are checked here, so that no window lasts for ever by
/// accident; the services are checked by the gateway.
/// \return 422 without a time that is within `max_ttl`, or the mode `hold`
tl::expected<nlohmann::json, ApiAnswer> window_order(const nlohmann::json& body,
                                                     std::chrono::seconds max_ttl);

/// The id of the window to close; empty: the open one.
/// \return 422 for what is no id
tl::expected<std::string, ApiAnswer> window_choice(const nlohmann::json& body);

}  // namespace backend
