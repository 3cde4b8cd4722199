#pragma once

#include "gateway/settings/named_tables.hpp"

namespace gateway {

/// `[slo.NAME]`.
NamedTables slo_tables();

}  // namespace gateway
