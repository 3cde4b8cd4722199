#pragma once

/// \file
/// Logs the events of an OperatorApi at a limited rate.

#include <vx11/clock.hpp>
#include <vx11/operator_event.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "config.hpp"

namespace gateway {

/// Writes at most one line a second for each kind of event, with the number of those that were left
/// out: a client that guesses tokens must not fill the disk. Thread-safe.
class EventLog {
 public:
  using Write = std::function<void(LogLevel level, const std::string& line)>;

  /// \param level what is logged; from `debug` on every event is written, at that level
  EventLog(LogLevel level, Write write, vx11::SteadyClock clock = {});

  void note(const vx11::OperatorEvent& event);

 private:
  struct Kind {
    std::atomic<std::int64_t> due{INT64_MIN};  ///< When the next line may be written.
    std::atomic<std::uint64_t> left_out{0};
  };

  /// Whether this caller writes the line.
  bool is_due(Kind& kind) const noexcept;

  const bool verbose_;
  const Write write_;
  const vx11::SteadyClock clock_;
  std::array<Kind, vx11::kOperatorEventKinds> kinds_{};
};

}  // namespace gateway
