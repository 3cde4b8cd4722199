#include "gateway/log/line_limit.hpp"

#include <algorithm>

namespace gateway {

namespace {

constexpr std::int64_t kInterval = 1'000'000'000;  // nanoseconds

}  // namespace

std::optional<std::uint64_t> LineLimit::admit(vx11::TimePoint now, std::size_t burst) noexcept {
  const std::int64_t at = now.time_since_epoch().count();
  const std::int64_t ahead = kInterval * (static_cast<std::int64_t>(burst) - 1);
  std::int64_t due = due_.load(std::memory_order_relaxed);
  while (due <= at + ahead) {
    if (due_.compare_exchange_weak(due, std::max(due, at) + kInterval)) {
      return left_out_.exchange(0, std::memory_order_relaxed);
    }
  }
  left_out_.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

std::uint64_t LineLimit::take_left_out(vx11::TimePoint now) noexcept {
  if (left_out_.load(std::memory_order_relaxed) == 0) return 0;
  if (now.time_since_epoch().count() < due_.load(std::memory_order_relaxed)) return 0;
  return left_out_.exchange(0, std::memory_order_relaxed);
}

}  // namespace gateway
