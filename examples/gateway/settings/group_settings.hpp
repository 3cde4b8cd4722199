#pragma once

#include "gateway/settings/named_tables.hpp"

namespace gateway {

/// `[groups.NAME]`.
NamedTables group_tables();

}  // namespace gateway
