#include "gateway/log/log_level.hpp"

#include <utility>

namespace gateway {

LogLevelControl::LogLevelControl(LogLevel configured, Apply apply, vx11::SteadyClock clock)
    : apply_(std::move(apply)),
      clock_(std::move(clock)),
      configured_(configured),
      current_(configured) {
  apply_(configured);
}

void LogLevelControl::configure(LogLevel level) {
  const std::lock_guard lock(mutex_);
  configured_ = level;
  if (!until_) apply(level);
}

void LogLevelControl::set_for(LogLevel level, Duration time) {
  const std::lock_guard lock(mutex_);
  until_ = vx11::saturated_add(clock_.now(), time);
  apply(level);
}

bool LogLevelControl::expire() {
  const std::lock_guard lock(mutex_);
  if (!until_ || clock_.now() < *until_) return false;
  until_.reset();
  apply(configured_);
  return true;
}

void LogLevelControl::apply(LogLevel level) {
  apply_(level);
  current_.store(level, std::memory_order_relaxed);
}

}  // namespace gateway
