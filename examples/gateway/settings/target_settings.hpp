#pragma once

#include "gateway/settings/named_tables.hpp"

namespace gateway {

/// `[targets.NAME]`.
NamedTables target_tables();

}  // namespace gateway
