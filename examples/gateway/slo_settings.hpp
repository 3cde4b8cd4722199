#pragma once

#include "named_tables.hpp"

namespace gateway {

/// `[slo.NAME]`.
NamedTables slo_tables();

}  // namespace gateway
