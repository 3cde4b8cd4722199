#pragma once

#include "gateway/settings/named_tables.hpp"

namespace gateway {

/// `[routes.NAME]`.
NamedTables route_tables();

}  // namespace gateway
