#include "gateway/log/log.hpp"

#include <cstddef>

#include <unistd.h>

#include "gateway/log/log_output.hpp"

namespace gateway {

namespace {

/// Never destroyed: threads may log until the process ends.
LogOutput& output() {
  static auto* const the_output = new LogOutput(STDERR_FILENO);
  return *the_output;
}

std::size_t index_of(LogEvent event) {
  return static_cast<std::size_t>(event);
}

}  // namespace

void Log::note(LogEvent event, std::span<const LogField> fields) noexcept {
  const LogEventInfo& info = info_of(event);
  if (info.level < level()) return;
  const auto burst = static_cast<std::size_t>(info.burst);
  const auto left_out = limits_[index_of(event)].admit(clock_.now(), burst);
  const LogLevel at = left_out ? info.level : LogLevel::debug;
  write({.event = event, .level = at, .fields = fields, .left_out = left_out.value_or(0)});
}

void Log::note_left_out() noexcept {
  for (const LogEventInfo& info : log_events()) {
    const std::uint64_t lines = limits_[index_of(info.event)].take_left_out(clock_.now());
    if (lines == 0) continue;
    const LogField fields[] = {{"lines", lines}, {"omitted_event", info.name}};
    write({.event = LogEvent::log_omitted, .level = info.level, .fields = fields});
  }
}

void Log::write(LogLine line) {
  if (line.level < level() || level() == LogLevel::off) return;
  try {
    write_(line);
  } catch (...) {  // out of memory
  }
}

Log& process_log() {
  static auto* const log = new Log([](const LogLine& line) { output().write(line); });
  return *log;
}

void start_log(LogLevel level, LogFormat format) {
  output().set_format(format);
  set_level(level);
}

void set_level(LogLevel level) {
  process_log().set_level(level);
}

std::uint64_t written_log_lines() noexcept {
  return output().written();
}

std::uint64_t lost_log_lines() noexcept {
  return output().lost();
}

}  // namespace gateway
