#pragma once

#include "named_tables.hpp"

namespace gateway {

/// `[groups.NAME]`.
NamedTables group_tables();

}  // namespace gateway
