#pragma once

/// \file
/// `[tracing]`, once it has been read: the file of its headers, and mistakes.

#include "gateway/settings/config_load.hpp"

namespace gateway {

void settle_tracing(LoadedConfig& loaded);

}  // namespace gateway
