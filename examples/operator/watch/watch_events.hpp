#pragma once

/// \file
/// The events that the watcher reports. Internal.

#include <vx11/power_state_client.hpp>

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "operator/events/event_store.hpp"
#include "operator/watch/observation.hpp"

namespace backend {

/// When a window ends, for people and for `KnownState`.
void add_deadline(nlohmann::json& payload, vx11::WallTime deadline);

/// A value is another than was reported.
NewEvent value_changed(const WatchedValue& seen, std::string_view from);
/// A value changes all the time.
NewEvent value_flaps(const WatchedValue& seen);

NewEvent window_opened(const vx11::PowerWindow& window, std::optional<vx11::WallTime> deadline);
NewEvent window_ending(const vx11::PowerWindow& window, vx11::WallTime deadline);
/// \param expired its time was over; else it was closed
NewEvent window_gone(const std::string& id, bool expired);

}  // namespace backend
