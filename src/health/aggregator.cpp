#include <algorithm>

#include "health/evidence.hpp"
#include "health/impl.hpp"
#include "health/validate.hpp"
#include "threads/detached.hpp"
#include "threads/offload.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

/// Added to a limit: a probe that honours its limit returns within it; only others expire.
constexpr Duration kGrace = std::chrono::milliseconds(50);
constexpr Duration kPowerLimit = std::chrono::seconds(2);

TimePoint steady_now() noexcept {
  return SteadyClock().now();
}

/// Probes are the user's code and may throw despite their contract.
Task<Result<ProbeAnswer>> probe_safely(Probe& probe, Deadline deadline) {
  try {
    Task<Result<ProbeAnswer>> probing = probe.look(std::move(deadline));
    co_return co_await std::move(probing);
  } catch (...) {
  }
  co_return fail(Errc::unreachable, "the look failed");
}

Task<std::shared_ptr<const PowerReading>> probe_safely(const PowerStateView& power,
                                                       Deadline deadline) {
  try {
    Task<std::shared_ptr<const PowerReading>> probing = power.async_reading(std::move(deadline));
    co_return co_await std::move(probing);
  } catch (...) {
  }
  co_return std::make_shared<const PowerReading>(fail(Errc::unreachable, "the look failed"), 0);
}

/// The index of the component that is judged by the power state; past the end if there is none.
std::size_t find_by_power(const HealthOptions& options) {
  const auto& all = options.components;
  const auto at = std::find_if(all.begin(), all.end(),
                               [](const HealthComponent& c) { return is_by_power(c.check); });
  return static_cast<std::size_t>(at - all.begin());
}

/// The limit of the component that is judged by it; otherwise that of the slowest one, so that the
/// power view never lengthens a round.
Duration power_limit(const HealthOptions& options) {
  const std::size_t judged = find_by_power(options);
  if (judged < options.components.size()) return options.components[judged].timeout;
  std::optional<Duration> longest;
  for (const HealthComponent& c : options.components) {
    if (probe_of(c.check)) longest = std::max(longest.value_or(c.timeout), c.timeout);
  }
  return longest.value_or(kPowerLimit);
}

/// One for each blocking probe, and one for the deadlines.
std::size_t threads_for(const HealthOptions& options) {
  const bool power_blocks = options.power && (options.power->blocks() || fallback_blocks(options));
  std::size_t threads = power_blocks ? 2 : 1;
  for (const HealthComponent& c : options.components) {
    const Probe* probe = probe_of(c.check);
    threads += probe && probe->blocks() ? 1 : 0;
  }
  return threads;
}

}  // namespace

HealthAggregator::Impl::Impl(HealthOptions options)
    : options_(std::move(options)),
      power_limit_(power_limit(options_)),
      by_power_(find_by_power(options_)),
      asked_at_(options_.components.size() + 1),
      workers_(threads_for(options_)) {}

Task<HealthReport> HealthAggregator::Impl::check(Deadline deadline) {
  const Entry entry = enter();
  if (entry.recent) co_return refreshed(*entry.recent);
  dispatch(entry);
  RoundEnd end(*this, entry.round, std::move(deadline), options_.clock);
  const ReportPtr report = co_await end;
  co_return *report;
}

void HealthAggregator::Impl::close() {
  closed_.request_stop();
  workers_.shut_down();
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

/// A reused report: probe results keep their age, breakers are read anew.
HealthReport HealthAggregator::Impl::refreshed(HealthReport report) const {
  const WallTime now = options_.wall_clock.now();
  for (std::size_t i = 0; i < report.components.size(); ++i) {
    if (is_found_by_asking(i)) {
      const bool embedded = options_.components[i].embedded;
      report.components[i].source = embedded ? EvidenceSource::embedded : EvidenceSource::cache;
    } else {
      report.components[i] = without_asking(options_.components[i], now);
    }
  }
  report.overall = overall(options_.components, report.components);
  return report;
}

/// Blocking probes first, so that all run before a suspending one can delay this thread.
void HealthAggregator::Impl::dispatch(const Entry& entry) {
  for (const std::size_t index : entry.to_ask) {
    if (!blocks(index)) continue;
    workers_.run([this, round = entry.round, index] { sync_wait(probe(round, index)); });
  }
  for (const std::size_t index : entry.to_ask) {
    if (!blocks(index)) run_detached(shared_from_this(), probe(entry.round, index));
  }
}

Task<void> HealthAggregator::Impl::probe(RoundPtr round, std::size_t index) {
  return index == power_index() ? probe_power(std::move(round))
                                : probe_component(std::move(round), index);
}

Task<void> HealthAggregator::Impl::probe_power(RoundPtr round) {
  const TimePoint began = options_.clock.now();
  Deadline deadline = Deadline::after(began, power_limit_, closed_.get_token());
  auto probing = probe_safely(*options_.power, deadline);
  const std::shared_ptr<const PowerReading> seen = co_await std::move(probing);
  std::optional<ComponentHealth> judged;
  if (by_power_ != power_index()) {
    Task<Result<ProbeAnswer>> judging = judge_by_power(*seen, std::move(deadline));
    const Result<ProbeAnswer> answer = co_await std::move(judging);
    judged = found(options_.components[by_power_], answer, began);
  }
  on_result(round, power_index(), [&](HealthReport& report) {
    if (seen->state) {
      report.power = *seen->state;
      report.power->age = std::max(report.power->age, age_of(*seen));
    }
    if (judged) report.components[by_power_] = std::move(*judged);
  });
}

/// Counted on since the call, which may have been an earlier one that is reused.
Duration HealthAggregator::Impl::age_of(const PowerReading& seen) const {
  const bool says_when = seen.asked_at != TimePoint();
  return says_when ? options_.clock.now() - seen.asked_at : Duration::zero();
}

/// A madre without power windows is judged by the fallback, in the time that is left.
Task<Result<ProbeAnswer>> HealthAggregator::Impl::judge_by_power(const PowerReading& seen,
                                                                 Deadline deadline) {
  const auto& evidence = std::get<PowerEvidence>(options_.components[by_power_].check);
  if (!lacks_power_windows(seen) || !evidence.fallback) co_return judge(seen);
  OffloadScope offload(workers_);  // the power view may have ended on an event loop
  if (evidence.fallback->blocks()) co_await offload.to_worker();
  Task<Result<ProbeAnswer>> probing = probe_safely(*evidence.fallback, std::move(deadline));
  co_return co_await std::move(probing);
}

Task<void> HealthAggregator::Impl::probe_component(RoundPtr round, std::size_t index) {
  const HealthComponent& component = options_.components[index];
  const TimePoint began = options_.clock.now();
  Deadline deadline = Deadline::after(began, component.timeout, closed_.get_token());
  Task<Result<ProbeAnswer>> probing = probe_safely(*probe_of(component.check), std::move(deadline));
  const Result<ProbeAnswer> seen = co_await std::move(probing);
  ComponentHealth finding = found(component, seen, began);
  on_result(round, index,
            [&](HealthReport& report) { report.components[index] = std::move(finding); });
}

ComponentHealth HealthAggregator::Impl::found(const HealthComponent& component,
                                              const Result<ProbeAnswer>& seen,
                                              TimePoint began) const {
  const Duration took = options_.clock.now() - began;
  ComponentHealth finding = after_asking(component, seen, took);
  finding.latency = took;
  finding.checked_at = options_.wall_clock.now();
  return finding;
}

/// Records a probe's result, unless it has expired, and ends the round if it was the last.
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
  resume_all(callers);
}

/// \return whether the caller is to be suspended. If so, it may be gone once the lock is released.
bool HealthAggregator::Impl::wait(HealthRound& round, ValueWaiter<HealthReport>& waiter) {
  const std::lock_guard lock(mutex_);
  if (round.ended() || waiter.until <= steady_now()) {
    waiter.value = round.ended() ? round.ended() : round.so_far(options_.components);
    return false;
  }
  round.join(waiter);
  tick_by(waiter.until);
  return true;
}

/// Called by a stop token, on its thread; the caller is resumed on a worker.
void HealthAggregator::Impl::stop_waiting(ValueWaiter<HealthReport>& waiter) {
  {
    const std::lock_guard lock(mutex_);
    waiter.until = TimePoint::min();
  }
  workers_.run([this] { tick(TimePoint::min()); });
}

/// Expires overdue probes and callers. Early or superfluous ticks are harmless; only the one that
/// is relied on, `next_tick_`, schedules the next.
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
      callers = round_->release_overdue(now, options_.components);
      tick_by(round_->next_event());
    }
  }
  resume_all(callers);
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

/// A probe still running from an earlier round is not started again: it would only hang twice.
void HealthAggregator::Impl::expect_probe(std::size_t index, TimePoint now) {
  if (asked_at_[index]) return expire(index);
  asked_at_[index] = options_.clock.now();
  const TimePoint limit = Deadline::after(now, limit_of(index)).at();
  round_->expect(index, Deadline::after(limit, kGrace).at());
}

void HealthAggregator::Impl::expire(std::size_t index) {
  const std::size_t component = index == power_index() ? by_power_ : index;
  if (component == power_index()) return;  // a report without power has no entry for it
  ComponentHealth found = without_answer(options_.components[component]);
  found.latency = options_.clock.now() - *asked_at_[index];
  found.checked_at = options_.wall_clock.now();
  round_->report().components[component] = std::move(found);
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
    : impl_(std::make_shared<Impl>(std::move(options))) {}

Result<HealthAggregator> HealthAggregator::create(HealthOptions options) {
  Result<void> valid = validate(options);
  if (!valid) return fail(std::move(valid.error()));
  return HealthAggregator(std::move(options));
}

HealthAggregator::HealthAggregator(HealthAggregator&& other) noexcept = default;

HealthAggregator& HealthAggregator::operator=(HealthAggregator&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

HealthAggregator::~HealthAggregator() {
  if (impl_) impl_->close();
}

HealthReport HealthAggregator::check(Deadline deadline) {
  return sync_wait(async_check(std::move(deadline)));
}

Task<HealthReport> HealthAggregator::async_check(Deadline deadline) {
  return impl_->check(std::move(deadline));
}

}  // namespace v0
}  // namespace vx11
