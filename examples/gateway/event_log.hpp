#pragma once

/// \file
/// Logs the events of an OperatorApi at a limited rate.

#include <vx11/clock.hpp>
#include <vx11/operator_event.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "config.hpp"

namespace gateway {

/// Admits one line a second and counts the others. Thread-safe.
class LineLimit {
 public:
  /// \return the lines refused since the last one that was admitted; none: this one is refused
  std::optional<std::uint64_t> admit(vx11::TimePoint now) noexcept;

 private:
  std::atomic<std::int64_t> due_{INT64_MIN};  ///< When the next line is admitted.
  std::atomic<std::uint64_t> left_out_{0};
};

/// Writes at most one line a second for each kind of event, with the number of those that were left
/// out: a client that guesses tokens must not fill the disk. Thread-safe.
class EventLog {
 public:
  using Write = std::function<void(LogLevel level, const std::string& line)>;

  using Level = std::function<LogLevel()>;

  /// \param level what is logged, called for each event; from `debug` on every event is written, at
  ///              that level
  EventLog(Level level, Write write, vx11::SteadyClock clock = {});

  void note(const vx11::OperatorEvent& event);

 private:
  const Level level_;
  const Write write_;
  const vx11::SteadyClock clock_;
  std::array<LineLimit, vx11::kOperatorEventKinds> limits_{};
};

}  // namespace gateway
