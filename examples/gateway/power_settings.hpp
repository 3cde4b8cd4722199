#pragma once

#include <vector>

#include "named_tables.hpp"
#include "settings.hpp"

namespace gateway {

/// `[power.schedules.NAME]`.
NamedTables schedule_tables();
/// `[power]` and its other tables.
std::vector<Setting> power_settings();

}  // namespace gateway
