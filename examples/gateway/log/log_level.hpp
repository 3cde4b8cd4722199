#pragma once

/// \file
/// The level of the log, which may change while the gateway runs.

#include <vx11/clock.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>

#include "gateway/config/config.hpp"

namespace gateway {

/// The configured level, or another one for a limited time. Thread-safe.
class LogLevelControl {
 public:
  using Apply = std::function<void(LogLevel level)>;

  /// \param apply sets the level of the log; called at each change, one call at a time
  LogLevelControl(LogLevel configured, Apply apply, vx11::SteadyClock clock = {});

  LogLevel current() const noexcept { return current_.load(std::memory_order_relaxed); }
  /// The configuration was read again. A level set for a time stays until that has passed.
  void configure(LogLevel level);
  /// `level` for `time`, in place of an earlier one.
  void set_for(LogLevel level, Duration time);
  /// Falls back to the configured level if the time has passed.
  /// \return whether it did
  bool expire();

 private:
  void apply(LogLevel level);

  const Apply apply_;
  const vx11::SteadyClock clock_;
  std::mutex mutex_;
  LogLevel configured_;
  std::optional<vx11::TimePoint> until_ = std::nullopt;  ///< Of a level that was set for a time.
  std::atomic<LogLevel> current_;
};

}  // namespace gateway
