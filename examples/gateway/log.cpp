#include "log.hpp"

#include <utility>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace gateway {

void start_log(LogLevel level) {
  static_assert(static_cast<int>(LogLevel::warn) == SPDLOG_LEVEL_WARN);
  auto log = spdlog::stderr_logger_mt("vx11-gateway");
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(log));
  set_level(level);
}

void set_level(LogLevel level) {
  const bool is_off = level == LogLevel::off;
  const auto of_log = static_cast<spdlog::level::level_enum>(level);
  spdlog::default_logger_raw()->set_level(is_off ? spdlog::level::off : of_log);
}

void log_line(LogLevel level, const std::string& line) {
  spdlog::log(static_cast<spdlog::level::level_enum>(level), "{}", line);
}

}  // namespace gateway
