#include <algorithm>

#include "health/evidence.hpp"
#include "health/impl.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

/// A probe that keeps to its limit answers just after it; only one that does not is given up.
constexpr Duration kGrace = std::chrono::milliseconds(50);
constexpr Duration kPowerLimit = std::chrono::seconds(2);

TimePoint steady_now() noexcept {
  return SteadyClock().now();
}

/// Probes are the user's code, which may throw in spite of what it promised.
template <class Look>
auto quietly(Look look) noexcept -> decltype(look()) {
  try {
    return look();
  } catch (...) {
    return fail(Errc::unreachable, "the look failed");
  }
}

/// The power view is waited for as long as the slowest component may take, so that it never
/// lengthens a round.
Duration power_limit(const HealthOptions& options) {
  std::optional<Duration> longest;
  for (const HealthComponent& c : options.components) {
    if (probe_of(c.check)) longest = std::max(longest.value_or(c.timeout), c.timeout);
  }
  return longest.value_or(kPowerLimit);
}

/// One for each look that can be under way, and one that minds the time.
std::size_t threads_for(const HealthOptions& options) {
  std::size_t threads = options.power ? 2 : 1;
  for (const HealthComponent& c : options.components) threads += probe_of(c.check) ? 1 : 0;
  return threads;
}

/// Touches nothing but `callers`: one that goes on may destroy the aggregator.
void resume(const HealthRound::Callers& callers) {
  for (const std::coroutine_handle<> caller : callers) caller.resume();
}

}  // namespace

HealthAggregator::Impl::Impl(HealthOptions options)
    : options_(std::move(options)),
      power_limit_(power_limit(options_)),
      asked_at_(options_.components.size() + 1),
      workers_(threads_for(options_)) {}

Task<HealthReport> HealthAggregator::Impl::check(Deadline deadline) {
  const Entry entry = enter();
  if (entry.recent) co_return refreshed(*entry.recent);
  dispatch(entry);
  RoundEnd end(*this, entry.round, std::move(deadline));
  const ReportPtr report = co_await end;
  co_return *report;
}

auto HealthAggregator::Impl::enter() -> Entry {
  Entry entry;
  const std::lock_guard lock(mutex_);
  if (round_) {
    entry.round = round_;
  } else if (is_recent()) {
    entry.recent = last_;
  } else {
    entry.round = start_round();
    for (const HealthRound::Pending& p : entry.round->pending()) entry.to_ask.push_back(p.index);
    if (entry.to_ask.empty()) end_round();
  }
  return entry;
}

/// A report that answers again: what was asked for keeps its age, what is only read is read anew.
HealthReport HealthAggregator::Impl::refreshed(HealthReport report) const {
  const WallTime now = options_.wall_clock.now();
  for (std::size_t i = 0; i < report.components.size(); ++i) {
    if (is_asked(i)) {
      report.components[i].source = EvidenceSource::cache;
    } else {
      report.components[i] = without_asking(options_.components[i], now);
    }
  }
  report.overall = overall(options_.components, report.components);
  return report;
}

void HealthAggregator::Impl::dispatch(const Entry& entry) {
  for (const std::size_t index : entry.to_ask) {
    workers_.run([this, round = entry.round, index] {
      index == power_index() ? probe_power(round) : probe_component(round, index);
    });
  }
}

void HealthAggregator::Impl::probe_power(const RoundPtr& round) {
  const Deadline deadline = Deadline::after(options_.clock.now(), power_limit_);
  Result<PowerState> seen = quietly([&] { return options_.power->state(deadline); });
  on_result(round, power_index(), [&](HealthReport& report) {
    if (seen) report.power = std::move(*seen);
  });
}

void HealthAggregator::Impl::probe_component(const RoundPtr& round, std::size_t index) {
  const HealthComponent& component = options_.components[index];
  const TimePoint began = options_.clock.now();
  const Deadline deadline = Deadline::after(began, component.timeout);
  const Result<Health> seen =
      quietly([&] { return sync_wait(probe_of(component.check)->look(deadline)); });
  ComponentHealth found = after_asking(component, seen);
  found.latency = options_.clock.now() - began;
  found.checked_at = options_.wall_clock.now();
  on_result(round, index,
            [&](HealthReport& report) { report.components[index] = std::move(found); });
}

/// Notes the result of a look, unless it was given up, and ends the round if it was the last.
template <class Note>
void HealthAggregator::Impl::on_result(const RoundPtr& round, std::size_t index, Note note) {
  Callers callers;
  {
    const std::lock_guard lock(mutex_);
    asked_at_[index].reset();
    if (!round->settle(index)) return;
    note(round->report());
    if (round->pending().empty()) callers = end_round();
  }
  resume(callers);
}

/// \return whether the caller is to be suspended. If so, he may be gone once the lock is.
bool HealthAggregator::Impl::wait(HealthRound& round, HealthWaiter& waiter) {
  const std::lock_guard lock(mutex_);
  if (round.ended() || waiter.until <= steady_now()) {
    waiter.report = round.ended() ? round.ended() : round.so_far(options_.components);
    return false;
  }
  round.join(waiter);
  tick_by(waiter.until);
  return true;
}

/// Called by a stop token, on its thread; the caller goes on on one of ours.
void HealthAggregator::Impl::stop_waiting(HealthWaiter& waiter) {
  {
    const std::lock_guard lock(mutex_);
    waiter.until = TimePoint::min();
  }
  workers_.run([this] { tick(TimePoint::min()); });
}

/// Lets go what is overdue: looks and callers. Early or superfluous ticks do no harm; only the one
/// that is relied on, `next_tick_`, sets up the next.
void HealthAggregator::Impl::tick(TimePoint when) {
  Callers callers;
  {
    const std::lock_guard lock(mutex_);
    if (when == next_tick_) next_tick_ = TimePoint::max();
    if (!round_) return;
    const TimePoint now = steady_now();
    expire_overdue(now);
    if (round_->pending().empty()) {
      callers = end_round();
    } else {
      callers = round_->resume_overdue(now, options_.components);
      tick_by(round_->next_event());
    }
  }
  resume(callers);
}

bool HealthAggregator::Impl::is_recent() const noexcept {
  return last_ && options_.clock.now() - last_at_ < options_.reuse_for;
}

auto HealthAggregator::Impl::start_round() -> RoundPtr {
  HealthReport report;
  const WallTime wall_now = options_.wall_clock.now();
  for (const HealthComponent& component : options_.components) {
    report.components.push_back(without_asking(component, wall_now));
  }
  round_ = std::make_shared<HealthRound>(std::move(report));
  const TimePoint now = steady_now();
  for (std::size_t index = 0; index <= power_index(); ++index) {
    if (is_asked(index)) expect_probe(index, now);
  }
  tick_by(round_->next_event());
  return round_;
}

/// One that still hangs from an earlier round is not asked again: it would only hang twice.
void HealthAggregator::Impl::expect_probe(std::size_t index, TimePoint now) {
  if (asked_at_[index]) return expire(index);
  asked_at_[index] = options_.clock.now();
  const TimePoint limit = Deadline::after(now, limit_of(index)).at();
  round_->expect(index, Deadline::after(limit, kGrace).at());
}

void HealthAggregator::Impl::expire(std::size_t index) {
  if (index == power_index()) return;  // a report without power says so by having none
  ComponentHealth found = without_answer(options_.components[index]);
  found.latency = options_.clock.now() - *asked_at_[index];
  found.checked_at = options_.wall_clock.now();
  round_->report().components[index] = std::move(found);
}

void HealthAggregator::Impl::expire_overdue(TimePoint now) {
  for (const HealthRound::Pending& p : std::vector(round_->pending())) {
    if (p.expire_at > now) continue;
    round_->settle(p.index);
    expire(p.index);
  }
}

auto HealthAggregator::Impl::end_round() -> Callers {
  const RoundPtr round = std::exchange(round_, nullptr);
  Callers callers = round->end(options_.components);
  last_ = round->ended();
  last_at_ = options_.clock.now();
  return callers;
}

void HealthAggregator::Impl::tick_by(TimePoint when) {
  if (when >= next_tick_) return;
  next_tick_ = when;
  workers_.run_at(when, [this, when] { tick(when); });
}

HealthAggregator::HealthAggregator(HealthOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

HealthAggregator::~HealthAggregator() = default;

HealthReport HealthAggregator::check(Deadline deadline) {
  return sync_wait(async_check(std::move(deadline)));
}

Task<HealthReport> HealthAggregator::async_check(Deadline deadline) {
  return impl_->check(std::move(deadline));
}

}  // namespace v0
}  // namespace vx11
