#pragma once

#include <vector>

#include "gateway/settings/named_tables.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway {

/// `[power.schedules.NAME]`.
NamedTables schedule_tables();
/// `[power]` and its other tables.
std::vector<Setting> power_settings();

}  // namespace gateway
