#include "event_log.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace gateway {

namespace {

constexpr std::int64_t kInterval = 1'000'000'000;  // nanoseconds

/// The setting that allows what was refused.
std::string_view hint_for(vx11::OperatorEventKind kind) {
  using Kind = vx11::OperatorEventKind;
  if (kind == Kind::host_refused) return "; server.hosts lists further hosts";
  if (kind == Kind::cross_site_refused) return "; server.cors_origins lists allowed origins";
  return {};
}

std::string text_of(const vx11::OperatorEvent& event) {
  std::string text(to_string(event.kind));
  if (!event.subject.empty()) text.append(": ").append(event.subject);
  if (!event.reason.empty()) text.append(": ").append(event.reason);
  return text.append(hint_for(event.kind));
}

}  // namespace

std::optional<std::uint64_t> LineLimit::admit(vx11::TimePoint now) noexcept {
  const std::int64_t at = now.time_since_epoch().count();
  std::int64_t due = due_.load(std::memory_order_relaxed);
  if (at >= due && due_.compare_exchange_strong(due, at + kInterval)) {
    return left_out_.exchange(0, std::memory_order_relaxed);
  }
  left_out_.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

EventLog::EventLog(Level level, Write write, vx11::SteadyClock clock)
    : level_(std::move(level)), write_(std::move(write)), clock_(std::move(clock)) {}

void EventLog::note(const vx11::OperatorEvent& event) {
  const auto left_out = limits_[static_cast<std::size_t>(event.kind)].admit(clock_.now());
  if (!left_out) {
    if (level_() <= LogLevel::debug) write_(LogLevel::debug, text_of(event));
    return;
  }
  std::string line = text_of(event);
  if (*left_out != 0) line += fmt::format(" ({} more before it)", *left_out);
  write_(LogLevel::warn, line);
}

}  // namespace gateway
