#pragma once

#include <string>

#include "config.hpp"

namespace gateway {

/// Makes spdlog's default logger write to standard error, from `level` on, with times in UTC. Call
/// once.
void start_log(LogLevel level);

/// From which level on the log is written. Thread-safe.
void set_level(LogLevel level);

/// Writes a line to the log.
void log_line(LogLevel level, const std::string& line);

}  // namespace gateway
