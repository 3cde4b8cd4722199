#pragma once

/// \file
/// The program's own log: lines with an event, a level and fields.

#include <vx11/clock.hpp>

#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "gateway/config/config_values.hpp"
#include "gateway/log/line_limit.hpp"
#include "gateway/log/log_events.hpp"

namespace gateway {

/// A field of a line, a view: valid as long as what it was made of.
struct LogField {
  using Value = std::variant<std::string_view, std::int64_t>;

  LogField(std::string_view of, std::string_view text) : name(of), value(text) {}
  LogField(std::string_view of, std::integral auto number)
      : name(of), value(static_cast<std::int64_t>(number)) {}

  std::string_view name;
  Value value;
};

using LogFields = std::initializer_list<LogField>;

/// One line, a view.
struct LogLine {
  LogEvent event = {};
  LogLevel level = LogLevel::info;
  std::span<const LogField> fields = {};
  std::uint64_t left_out = 0;  ///< Lines of the event that were left out before it.
};

/// Writes lines from a level on, those of an event at a limited rate: a client that guesses tokens
/// must not fill the disk. Thread-safe if `write` is.
class Log {
 public:
  using Write = std::function<void(const LogLine& line)>;

  explicit Log(Write write, vx11::SteadyClock clock = {})
      : write_(std::move(write)), clock_(std::move(clock)) {}

  void set_level(LogLevel level) noexcept { level_.store(level, std::memory_order_relaxed); }
  LogLevel level() const noexcept { return level_.load(std::memory_order_relaxed); }

  /// A line about `event`. Above the rate it is counted, and from `debug` on written at that level.
  /// What cannot be written is left out: a log never stops the gateway.
  void note(LogEvent event, std::span<const LogField> fields) noexcept;
  void note(LogEvent event, LogFields fields = {}) noexcept {
    note(event, std::span(fields.begin(), fields.size()));
  }
  /// Reports the lines that were left out and are not followed by another one of their event. To be
  /// called each second.
  void note_left_out() noexcept;

 private:
  void write(LogLine line);

  const Write write_;
  const vx11::SteadyClock clock_;
  std::atomic<LogLevel> level_{LogLevel::info};
  std::array<LineLimit, kLogEvents> limits_ = {};
};

/// The log of the process, on standard error. Text and `info` before `start_log`.
Log& process_log();

/// A line of the process's log.
inline void log_event(LogEvent event, LogFields fields = {}) noexcept {
  process_log().note(event, fields);
}

/// From now on the log of the process has this form and level. Call once, before other threads.
void start_log(LogLevel level, LogFormat format);

/// From which level on the log of the process is written. Thread-safe.
void set_level(LogLevel level);

/// Lines of the process's log that were written, or could not be.
std::uint64_t written_log_lines() noexcept;
std::uint64_t lost_log_lines() noexcept;

}  // namespace gateway
