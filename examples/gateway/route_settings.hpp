#pragma once

#include "named_tables.hpp"

namespace gateway {

/// `[routes.NAME]`.
NamedTables route_tables();

}  // namespace gateway
