#pragma once

/// \file
/// Counts of events by slices of time, in a ring. Internal.

#include <vx11/clock.hpp>
#include <vx11/service_level.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace service_level {

/// The latest slices of one length. Not thread-safe.
class Slices {
 public:
  /// \param step the length of a slice
  /// \param span the longest window that `sum` is asked for
  Slices(Duration step, Duration span);

  Duration step() const noexcept { return step_; }
  Duration span() const noexcept { return span_; }

  /// Forgets what is too old at `age`, which never decreases.
  void advance(Duration age);
  /// Adds to the slice that contains `at`; ignored if that is too old or lies ahead.
  void add(Duration at, EventCounts counts);
  /// The events of the last `window` before the time that was advanced to.
  EventCounts sum(Duration window) const;

  ServiceLevelHistory::Track track() const;
  /// Adds slices of any length; ignores those that begin ahead.
  /// \param shift how much later they are on the time of this object
  void add(const ServiceLevelHistory::Track& track, Duration shift);
  void clear();

 private:
  std::int64_t number_of(Duration at) const noexcept;
  EventCounts& at(std::int64_t number);
  std::int64_t oldest() const noexcept;

  Duration step_;
  Duration span_;
  std::vector<EventCounts> ring_;
  std::int64_t newest_ = 0;
  Duration age_ = {};
};

}  // namespace service_level
}  // namespace v0
}  // namespace vx11
