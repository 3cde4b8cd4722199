#include "log.hpp"

#include <utility>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace gateway {

void start_log(LogLevel level) {
  static_assert(static_cast<int>(LogLevel::warn) == SPDLOG_LEVEL_WARN);
  auto log = spdlog::stderr_logger_mt("vx11-gateway");
  const bool is_off = level == LogLevel::off;
  log->set_level(is_off ? spdlog::level::off : static_cast<spdlog::level::level_enum>(level));
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(log));
}

void log_line(LogLevel level, const std::string& line) {
  spdlog::log(static_cast<spdlog::level::level_enum>(level), "{}", line);
}

}  // namespace gateway
