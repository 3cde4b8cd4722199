#include "service_level/slices.hpp"

#include <algorithm>

namespace vx11 {
inline namespace v0 {
namespace service_level {

namespace {

/// The window may begin within a slice, and the newest one has just begun.
std::size_t slices_for(Duration step, Duration span) {
  return static_cast<std::size_t>((span + step - Duration(1)) / step) + 2;
}

}  // namespace

Slices::Slices(Duration step, Duration span)
    : step_(step), span_(span), ring_(slices_for(step, span)) {}

std::int64_t Slices::number_of(Duration at) const noexcept {
  return at / step_;
}

EventCounts& Slices::at(std::int64_t number) {
  return ring_[static_cast<std::size_t>(number) % ring_.size()];
}

std::int64_t Slices::oldest() const noexcept {
  return std::max<std::int64_t>(0, newest_ - static_cast<std::int64_t>(ring_.size()) + 1);
}

void Slices::advance(Duration age) {
  age_ = std::max(age_, age);
  const std::int64_t newest = number_of(age_);
  const auto size = static_cast<std::int64_t>(ring_.size());
  for (std::int64_t n = std::max(newest_ + 1, newest - size + 1); n <= newest; ++n) at(n) = {};
  newest_ = newest;
}

void Slices::add(Duration at_age, EventCounts counts) {
  const std::int64_t number = number_of(at_age);
  if (at_age < Duration::zero() || number < oldest() || number > newest_) return;
  EventCounts& slice = at(number);
  slice.total += counts.total;
  slice.bad += counts.bad;
}

EventCounts Slices::sum(Duration window) const {
  const Duration from = age_ > window ? age_ - window : Duration::zero();
  EventCounts sum;
  for (std::int64_t n = std::max(oldest(), number_of(from)); n <= newest_; ++n) {
    const EventCounts& slice = ring_[static_cast<std::size_t>(n) % ring_.size()];
    sum.total += slice.total;
    sum.bad += slice.bad;
  }
  return sum;
}

ServiceLevelHistory::Track Slices::track() const {
  ServiceLevelHistory::Track track{.step = step_};
  for (std::int64_t n = oldest(); n <= newest_; ++n) {
    const EventCounts& slice = ring_[static_cast<std::size_t>(n) % ring_.size()];
    if (slice.total > 0) track.slices.push_back({.number = n, .counts = slice});
  }
  return track;
}

void Slices::add(const ServiceLevelHistory::Track& track, Duration shift) {
  for (const auto& [number, counts] : track.slices) {
    if (track.step <= Duration::zero() || number < 0) continue;
    if (number > (Duration::max() - shift) / track.step - 1) continue;
    const Duration begin = number * track.step + shift;
    if (begin > age_) continue;
    // The middle: of a slice that was cut by a shift, the larger part decides. An open slice has
    // its middle ahead, and its events behind it.
    add(std::min(begin + track.step / 2, age_), counts);
  }
}

void Slices::clear() {
  std::fill(ring_.begin(), ring_.end(), EventCounts());
}

}  // namespace service_level
}  // namespace v0
}  // namespace vx11
