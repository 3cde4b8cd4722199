#pragma once

#include "config.hpp"

namespace gateway {

/// Makes spdlog's default logger write to standard error, from `level` on, with times in UTC. Call
/// once.
void start_log(LogLevel level);

}  // namespace gateway
