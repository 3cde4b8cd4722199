#pragma once

/// \file
/// Events as lines of a spdlog logger.
///
/// Opt-in and header-only: include it where spdlog 1.10 or newer is installed. No part of the
/// library uses it.

#include <vx11/event_table.hpp>
#include <vx11/events.hpp>

#include <chrono>
#include <iterator>
#include <memory>
#include <ratio>
#include <string_view>
#include <utility>

#include <spdlog/spdlog.h>

namespace vx11 {
inline namespace v0 {

/// Writes a line for each event whose severity the logger's level admits:
///
/// ```
/// retry.attempt name=search count=2 duration_ms=10
/// ```
///
/// Events are as frequent as their causes: rejections come with every rejected call. Use a level or
/// sinks of the logger that bear it; `router.attempt` and `circuit.rejected` are `debug`.
/// **Thread-safe** if the logger is, whose name ends in `_mt`. Without memory a line is left out.
class SpdlogEvents final : public Events {
 public:
  /// \param logger not null
  explicit SpdlogEvents(std::shared_ptr<::spdlog::logger> logger) : logger_(std::move(logger)) {}

  void on_event(const Event& event) noexcept override {
    const EventInfo& info = info_of(event.kind);
    const ::spdlog::level::level_enum level = level_of(info.severity);
    if (!logger_->should_log(level)) return;
    try {
      write(level, info.name, event);
    } catch (...) {  // out of memory
    }
  }

 private:
  static ::spdlog::level::level_enum level_of(EventSeverity severity) noexcept {
    switch (severity) {
      case EventSeverity::debug:
        return ::spdlog::level::debug;
      case EventSeverity::info:
        return ::spdlog::level::info;
      case EventSeverity::warn:
        break;
    }
    return ::spdlog::level::warn;
  }

  void write(::spdlog::level::level_enum level, std::string_view name, const Event& event) {
    ::spdlog::memory_buf_t line;
    append(line, "{}", name);
    if (!event.name.empty()) append(line, " name={}", event.name);
    if (!event.detail.empty()) append(line, " detail={}", event.detail);
    if (event.count != 0) append(line, " count={}", event.count);
    if (event.limit != 0) append(line, " limit={}", event.limit);
    if (event.duration != Duration::zero())
      append(line, " duration_ms={:.10g}", milliseconds(event));
    if (event.status != 0) append(line, " status={}", event.status);
    logger_->log(level, ::spdlog::string_view_t(line.data(), line.size()));
  }
  static double milliseconds(const Event& event) noexcept {
    return std::chrono::duration<double, std::milli>(event.duration).count();
  }
  template <class Value>
  static void append(::spdlog::memory_buf_t& line, const char* format, const Value& value) {
    ::spdlog::fmt_lib::vformat_to(std::back_inserter(line), format,
                                  ::spdlog::fmt_lib::make_format_args(value));
  }

  const std::shared_ptr<::spdlog::logger> logger_;
};

}  // namespace v0
}  // namespace vx11
