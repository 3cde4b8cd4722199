#pragma once

/// \file
/// When keys are fetched. Internal.

#include <vx11/clock.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace vx11 {
inline namespace v0 {

/// Decides by the times that it is given. Not thread-safe.
class FetchPlan {
 public:
  struct Times {
    Duration refresh = {};
    Duration max_refresh = {};
    Duration min_refresh = {};
  };
  /// How long a source that has never given keys is left alone: an issuer that starts beside this
  /// process should not keep it waiting.
  static constexpr Duration kFirstKeys = std::chrono::seconds(5);

  explicit FetchPlan(Times times) : times_(times) {}

  /// A token names a key that is not known: a fetch is due as soon as the last one is long enough
  /// ago.
  void want() noexcept { is_wanted_ = true; }

  /// Begins a fetch if one is due and none is under way.
  bool begin_if_due(TimePoint now) noexcept {
    const bool is_due = now >= due_ || (is_wanted_ && now >= earliest_);
    return is_due && begin(now);
  }
  /// Begins one unless one is under way.
  bool begin(TimePoint now) noexcept {
    if (is_running_) return false;
    is_running_ = true;
    is_wanted_ = false;
    begun_ = now;
    return true;
  }

  /// \param max_age what the source says of its keys
  void succeeded(TimePoint now, std::optional<Duration> max_age) noexcept {
    has_keys_ = true;
    const Duration most = std::max(times_.max_refresh, times_.min_refresh);
    const Duration wait = std::clamp(max_age.value_or(times_.refresh), times_.min_refresh, most);
    end(saturated_add(now, wait));
  }
  void failed() noexcept { end(saturated_add(begun_, pause())); }

 private:
  Duration pause() const noexcept {
    return has_keys_ ? times_.min_refresh : std::min(times_.min_refresh, kFirstKeys);
  }
  void end(TimePoint due) noexcept {
    is_running_ = false;
    due_ = due;
    earliest_ = saturated_add(begun_, pause());
  }

  Times times_;
  bool is_running_ = false;
  bool is_wanted_ = false;
  bool has_keys_ = false;
  TimePoint begun_ = TimePoint::min();
  TimePoint due_ = TimePoint::min();  // at once
  TimePoint earliest_ = TimePoint::min();
};

}  // namespace v0
}  // namespace vx11
