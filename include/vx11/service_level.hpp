#pragma once

/// \file
/// `ServiceLevel`: a service level objective, its error budget, and burn-rate alerts.

#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// What an alert asks of people.
enum class AlertSeverity : unsigned char {
  page,    ///< Attention at once.
  ticket,  ///< Attention on a working day.
};

/// `page` or `ticket`.
VX11_API std::string_view to_string(AlertSeverity severity) noexcept;

/// Fires while the error budget is spent at more than `burn_rate` times the even rate, in both
/// windows: the long one has seen enough to be sure, and the short one ends the alert soon after
/// the errors end.
struct BurnRateAlert {
  Duration long_window = std::chrono::hours(1);
  Duration short_window = std::chrono::minutes(5);
  /// 1 spends the budget of a period in a period.
  double burn_rate = 14.4;
  AlertSeverity severity = AlertSeverity::page;

  friend bool operator==(const BurnRateAlert&, const BurnRateAlert&) = default;
};

/// The three alerts of the SRE workbook, for a period of 30 days: 2 % of the budget within an hour
/// (14.4 times the even rate) and 5 % within six hours (6 times) page, 10 % within three days
/// (1 time) is a ticket. The short window is a twelfth of the long one.
VX11_API std::vector<BurnRateAlert> burn_rate_alerts();

/// A number of events.
struct EventCounts {
  std::uint64_t total = 0;
  std::uint64_t bad = 0;

  friend bool operator==(const EventCounts&, const EventCounts&) = default;
};

/// The settings of one objective.
struct ServiceLevelOptions {
  /// The share of events that are to be good: above 0 and below 1, since a budget of nothing cannot
  /// be spent. 99.9 % allows 43 minutes of outage in 30 days.
  double objective = 0.999;
  /// What the error budget is for; at least the longest window. 30 days is the usual period.
  Duration period = std::chrono::hours(24 * 30);
  /// Bad events in its long window without which no alert fires: the minimum of traffic. A bound on
  /// all events would let one failure of a few requests at night page; three are no coincidence.
  std::uint64_t min_bad_events = 3;
  std::vector<BurnRateAlert> alerts = burn_rate_alerts();
  /// For the windows: a change of the system time does not affect them.
  SteadyClock clock = {};
  /// For the time between two processes only.
  WallClock wall_clock = {};
};

/// What has to be kept so that windows and budget go on after a restart. Plain values.
struct ServiceLevelHistory {
  /// The counts of one slice of time; slice 0 begins with the first process.
  struct Slice {
    std::int64_t number = 0;
    EventCounts counts = {};
  };
  /// Slices of one length, in ascending order, without those without events.
  struct Track {
    Duration step = {};
    std::vector<Slice> slices{};
  };

  WallTime saved = {};  ///< When this was taken.
  Duration age = {};    ///< The time since the first process began; restarts included.
  std::vector<Track> tracks{};
};

/// One objective: counts good and bad events, and answers how fast the error budget is spent.
///
/// The burn rate of a window is its share of bad events divided by the share that the objective
/// allows; 0 without events. A window that is longer than the history covers what there is. What
/// counts are events, not time: after an idle night the first events decide.
///
/// Windows are made of slices, a twentieth of the shortest one long, and reach back up to one slice
/// further than they say. Memory is fixed: about 50 KiB for the default windows.
///
/// **Thread-safe**. `count` takes no lock but for the first event of a slice, and allocates
/// nothing. Nothing is written anywhere: keep `history` and `restore` it.
class VX11_API ServiceLevel {
 public:
  /// \return every mistake in one `invalid_argument`
  static Result<std::shared_ptr<ServiceLevel>> create(ServiceLevelOptions options = {});
  ServiceLevel(const ServiceLevel&) = delete;
  ServiceLevel& operator=(const ServiceLevel&) = delete;
  ~ServiceLevel();

  void count(bool is_good) noexcept { count(is_good, clock_.now()); }
  /// The same where the caller has read the clock.
  void count(bool is_good, TimePoint now) noexcept {
    if (now.time_since_epoch().count() >= slice_end_.load(std::memory_order_relaxed)) turn(now);
    (is_good ? good_ : bad_).fetch_add(1, std::memory_order_relaxed);
  }

  /// Since this object was made, or the first of those that it continues: for counters, which begin
  /// at 0 with a process.
  EventCounts counted() const noexcept;
  /// In the last `window`, which is at most the period.
  EventCounts events(Duration window) const;
  double burn_rate(Duration window) const;
  /// What is left of the error budget of the period: 1 is all of it, 0 nothing, and less than 0
  /// what was overspent. 1 without events.
  double budget_remaining() const;
  /// Whether the alert with this index in the options fires.
  bool is_firing(std::size_t alert) const;
  /// How much of the period is known.
  Duration known() const;
  const ServiceLevelOptions& options() const noexcept;

  ServiceLevelHistory history() const;
  /// Adds what an earlier process counted, before or after this one has begun to count. The time
  /// between them comes from the wall clock; it is taken for zero where that has gone back since,
  /// or was before 2020, as on machines without a clock of their own. Slices that are out of range
  /// are ignored.
  void restore(const ServiceLevelHistory& earlier);
  /// Takes over the history and the counters of `earlier`, which had other options. To be called
  /// before this one counts.
  void continue_from(const ServiceLevel& earlier);

 private:
  class Impl;
  ServiceLevel(ServiceLevelOptions options, std::unique_ptr<Impl> impl) noexcept;
  void turn(TimePoint now) const noexcept;

  const SteadyClock clock_;
  const detail::Owned<Impl> impl_;
  /// The end of the slice that is counted, in the time of the clock.
  mutable std::atomic<Duration::rep> slice_end_;
  /// Of each event one is added to, so that no reader sees half an event.
  std::atomic<std::uint64_t> good_{0};
  std::atomic<std::uint64_t> bad_{0};
};

}  // namespace v0
}  // namespace vx11
