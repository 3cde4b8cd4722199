#pragma once

/// \file
/// Whose events are whose. Internal.

#include <string_view>

namespace backend {

/// Whether only the backend itself reports events of that type, such as `power.window_opened`:
/// the watcher continues after a restart where they end, and a caller cannot forge a login. Case
/// does not matter.
bool is_reserved_event(std::string_view type) noexcept;

}  // namespace backend
