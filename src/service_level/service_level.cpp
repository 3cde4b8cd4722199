#include <vx11/detail/mistakes.hpp>
#include <vx11/service_level.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

#include "service_level/pieces.hpp"
#include "service_level/slices.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using service_level::Slices;

EventCounts difference(EventCounts later, EventCounts earlier) {
  return {.total = later.total - earlier.total, .bad = later.bad - earlier.bad};
}

double share_of_bad(EventCounts counts) {
  return counts.total == 0 ? 0
                           : static_cast<double>(counts.bad) / static_cast<double>(counts.total);
}

Duration shortest_window(const ServiceLevelOptions& options) {
  Duration shortest = options.period;
  for (const BurnRateAlert& alert : options.alerts) {
    shortest = std::min(shortest, alert.short_window);
  }
  return shortest;
}

/// Three resolutions, each for windows that are long compared with its slices: by default 15 s for
/// up to 6 hours, 10 minutes for up to 3 days, and an hour for the period.
std::vector<Slices> tracks_of(const ServiceLevelOptions& options) {
  const Duration fine = std::max(shortest_window(options) / 20, Duration(1));
  const Duration middle = 40 * fine;
  const Duration coarse = std::max(options.period / 720, Duration(1));
  std::vector<Slices> tracks;
  tracks.emplace_back(fine, std::min(1440 * fine, options.period));
  if (tracks.back().span() < options.period) {
    tracks.emplace_back(middle, std::min(432 * middle, options.period));
  }
  if (tracks.back().span() < options.period) tracks.emplace_back(coarse, options.period);
  return tracks;
}

/// Far below what a duration can hold.
constexpr auto kLongestAge = std::chrono::hours(24 * 365 * 100);

/// How long no process has counted.
Duration gap_since(WallTime saved, WallTime now) {
  constexpr WallTime kPlausible{std::chrono::seconds(1'577'836'800)};  // 2020-01-01
  if (saved < kPlausible || now <= saved) return Duration::zero();
  // Compared in the unit of the wall clock: 293 years do not fit into nanoseconds.
  constexpr auto kLongest = std::chrono::duration_cast<WallTime::duration>(kLongestAge);
  return std::min(now - saved, kLongest);
}

Result<> checked(const ServiceLevelOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.objective > 0 && options.objective < 1, "objective",
                   "above 0 and below 1");
  mistakes.require(options.period > Duration::zero(), "period", "above 0");
  for (const BurnRateAlert& alert : options.alerts) {
    mistakes.within("alerts: ");
    mistakes.require(alert.short_window >= std::chrono::microseconds(1), "short_window",
                     "at least 1 us");
    mistakes.require(alert.long_window >= alert.short_window, "long_window",
                     "at least the short one");
    mistakes.require(alert.long_window <= options.period, "long_window", "at most the period");
    mistakes.require(alert.burn_rate > 0, "burn_rate", "above 0");
  }
  return std::move(mistakes).result();
}

}  // namespace

std::string_view to_string(AlertSeverity severity) noexcept {
  return severity == AlertSeverity::page ? "page" : "ticket";
}

std::vector<BurnRateAlert> burn_rate_alerts() {
  using std::chrono::hours;
  using std::chrono::minutes;
  return {{hours(1), minutes(5), 14.4, AlertSeverity::page},
          {hours(6), minutes(30), 6, AlertSeverity::page},
          {hours(72), hours(6), 1, AlertSeverity::ticket}};
}

/// What the mutex guards. Times are ages: time since the first process began.
class ServiceLevel::Impl {
 public:
  explicit Impl(ServiceLevelOptions with)
      : options(std::move(with)), tracks_(tracks_of(options)), begun_(options.clock.now()) {}

  Duration fine_step() const noexcept { return tracks_.front().step(); }
  std::mutex& mutex() const noexcept { return mutex_; }

  /// Assigns what was counted since the last call to the slice that was open then.
  /// \return the end of the open slice, in the time of the clock
  TimePoint turn(TimePoint now, EventCounts counted) {
    const EventCounts fresh = difference(counted, std::exchange(turned_, counted));
    for (Slices& track : tracks_) track.add(open_, fresh);
    move_to(std::max(open_, before_ + (now - begun_)));
    return saturated_add(begun_, (open_ / fine_step() + 1) * fine_step() - before_);
  }

  EventCounts sum(Duration window) const {
    for (const Slices& track : tracks_) {
      if (window <= track.span()) return track.sum(window);
    }
    return tracks_.back().sum(window);
  }

  ServiceLevelHistory history() const {
    ServiceLevelHistory history{.saved = options.wall_clock.now(), .age = open_};
    for (const Slices& track : tracks_) history.tracks.push_back(track.track());
    return history;
  }

  /// The time of the earlier process goes on; what this one has counted moves onto it.
  void restore(const ServiceLevelHistory& earlier) {
    const ServiceLevelHistory own = history();
    const Duration before = std::clamp<Duration>(earlier.age, Duration::zero(), kLongestAge);
    const Duration end = before + gap_since(earlier.saved, own.saved);
    const Duration now = std::max(end, own.age);
    before_ += now - own.age;
    for (Slices& track : tracks_) track.clear();
    move_to(now);
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
      tracks_[i].add(own.tracks[i], now - own.age);
      for (const auto& piece : service_level::pieces_for(tracks_[i].step(), earlier)) {
        tracks_[i].add(piece, now - end);
      }
    }
  }

  void continue_from(const ServiceLevelHistory& earlier, EventCounts counted) {
    turned_ = counted;
    restore(earlier);
  }

  Duration age() const noexcept { return open_; }

  const ServiceLevelOptions options;

 private:
  void move_to(Duration age) {
    open_ = age;
    for (Slices& track : tracks_) track.advance(age);
  }

  mutable std::mutex mutex_;
  std::vector<Slices> tracks_;
  EventCounts turned_ = {};  ///< Those that are in a slice already.
  TimePoint begun_;
  Duration before_ = {};  ///< The age at `begun_`.
  Duration open_ = {};    ///< The age at the last turn: its slice gets the next events.
};

ServiceLevel::ServiceLevel(ServiceLevelOptions options, std::unique_ptr<Impl> impl) noexcept
    : clock_(options.clock), impl_(std::move(impl)), slice_end_(0) {}

ServiceLevel::~ServiceLevel() = default;

Result<std::shared_ptr<ServiceLevel>> ServiceLevel::create(ServiceLevelOptions options) {
  if (auto valid = checked(options); !valid) return fail(std::move(valid.error()));
  auto impl = std::make_unique<Impl>(options);
  return std::shared_ptr<ServiceLevel>(new ServiceLevel(std::move(options), std::move(impl)));
}

void ServiceLevel::turn(TimePoint now) const noexcept {
  const std::lock_guard lock(impl_->mutex());
  const TimePoint end = impl_->turn(now, counted());
  slice_end_.store(end.time_since_epoch().count(), std::memory_order_relaxed);
}

EventCounts ServiceLevel::counted() const noexcept {
  const std::uint64_t bad = bad_.load(std::memory_order_relaxed);
  return {.total = good_.load(std::memory_order_relaxed) + bad, .bad = bad};
}

EventCounts ServiceLevel::events(Duration window) const {
  turn(clock_.now());
  const std::lock_guard lock(impl_->mutex());
  return impl_->sum(window);
}

double ServiceLevel::burn_rate(Duration window) const {
  return share_of_bad(events(window)) / (1 - options().objective);
}

double ServiceLevel::budget_remaining() const {
  return 1 - burn_rate(options().period);
}

bool ServiceLevel::is_firing(std::size_t alert) const {
  if (alert >= options().alerts.size()) return false;
  const BurnRateAlert& with = options().alerts[alert];
  const EventCounts seen = events(with.long_window);
  const double budget = 1 - options().objective;
  return seen.bad >= options().min_bad_events && share_of_bad(seen) / budget > with.burn_rate &&
         burn_rate(with.short_window) > with.burn_rate;
}

Duration ServiceLevel::known() const {
  turn(clock_.now());
  const std::lock_guard lock(impl_->mutex());
  return std::min(impl_->age(), options().period);
}

const ServiceLevelOptions& ServiceLevel::options() const noexcept {
  return impl_->options;
}

ServiceLevelHistory ServiceLevel::history() const {
  turn(clock_.now());
  const std::lock_guard lock(impl_->mutex());
  return impl_->history();
}

void ServiceLevel::restore(const ServiceLevelHistory& earlier) {
  turn(clock_.now());
  const std::lock_guard lock(impl_->mutex());
  impl_->restore(earlier);
  slice_end_.store(0, std::memory_order_relaxed);
}

void ServiceLevel::continue_from(const ServiceLevel& earlier) {
  const ServiceLevelHistory history = earlier.history();
  const EventCounts counted = earlier.counted();
  const std::lock_guard lock(impl_->mutex());
  good_.store(counted.total - counted.bad, std::memory_order_relaxed);
  bad_.store(counted.bad, std::memory_order_relaxed);
  impl_->continue_from(history, counted);
  slice_end_.store(0, std::memory_order_relaxed);
}

}  // namespace v0
}  // namespace vx11
