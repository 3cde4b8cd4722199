#include <vx11/detail/mistakes.hpp>
#include <vx11/power_governor.hpp>

#include <algorithm>
#include <set>

#include "power/governor_impl.hpp"
#include "power/names.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::size_t kKeptDecisions = 50;
/// What a `Duration` can hold; times that are added to now do not overflow.
constexpr std::chrono::seconds kLongest = std::chrono::floor<std::chrono::seconds>(Duration::max());

void check_services(detail::Mistakes& mistakes, const std::vector<std::string>& services) {
  for (const std::string& service : services) {
    mistakes.add_if(!is_known_service(service), "unknown service \"" + service + '"');
  }
}

/// A schedule's or a demand's.
void check_against(const PowerBounds& bounds, detail::Mistakes& mistakes,
                   const std::vector<std::string>& services) {
  const auto& allowed = bounds.services;
  if (allowed.empty()) return;
  for (const std::string& service : services) {
    mistakes.add_if(!contains(allowed, service), "bounds.services lacks \"" + service + '"');
  }
}

/// On a day without a change of the clocks.
std::chrono::minutes length_of(const PowerSchedule& schedule) {
  const bool is_same_day = schedule.to > schedule.from;
  return schedule.to - schedule.from + std::chrono::hours(is_same_day ? 0 : 24);
}

void check_schedules(detail::Mistakes& mistakes, const PowerGovernorOptions& options) {
  using std::chrono::hours;
  std::set<std::string> names;
  for (const PowerSchedule& schedule : options.schedules) {
    mistakes.about("schedule", schedule.name);
    mistakes.add_if(schedule.name.empty() || !names.insert(schedule.name).second,
                    "the name is empty or used twice");
    mistakes.add_if(schedule.services.empty(), "no services");
    check_services(mistakes, schedule.services);
    check_against(options.bounds, mistakes, schedule.services);
    mistakes.add_if(schedule.days.bits == 0, "no days");
    mistakes.require(schedule.from >= hours(0) && schedule.from < hours(24), "from",
                     "a time of day");
    mistakes.require(schedule.to >= hours(0) && schedule.to <= hours(24), "to", "a time of day");
    mistakes.add_if(schedule.ttl && *schedule.ttl < options.bounds.min_ttl,
                    "ttl is below bounds.min_ttl");
    mistakes.add_if(length_of(schedule) < options.bounds.min_ttl,
                    "from to is shorter than bounds.min_ttl");
  }
  mistakes.about("");
}

void check_demand(detail::Mistakes& mistakes, const PowerGovernorOptions& options) {
  const PowerDemand& demand = options.demand;
  mistakes.about("demand");
  check_services(mistakes, demand.services);
  check_against(options.bounds, mistakes, demand.services);
  mistakes.require(demand.ttl.count() > 0, "ttl", "above zero");
  mistakes.add_if(!demand.services.empty() && demand.ttl < options.bounds.min_ttl,
                  "ttl is below bounds.min_ttl");
  mistakes.about("");
}

void check_budget(detail::Mistakes& mistakes, const PowerGovernorOptions& options) {
  const PowerBudget& budget = options.budget;
  const std::chrono::seconds least = options.bounds.min_ttl;
  mistakes.within("budget.");
  mistakes.add_if(budget.per_day && *budget.per_day < least, "per_day is below bounds.min_ttl");
  mistakes.add_if(budget.per_month && *budget.per_month < least,
                  "per_month is below bounds.min_ttl");
  const auto is_time = [](const std::optional<std::chrono::seconds>& limit) {
    return !limit || (limit->count() > 0 && *limit <= kLongest);
  };
  mistakes.require(is_time(budget.per_day), "per_day", "above zero and at most 292 years");
  mistakes.require(is_time(budget.per_month), "per_month", "above zero and at most 292 years");
  mistakes.require(budget.warn_at > 0 && budget.warn_at <= 1, "warn_at", "above 0 and at most 1");
  mistakes.about("");
}

Result<void> check(const PowerGovernorOptions& options) {
  detail::Mistakes mistakes;
  check_schedules(mistakes, options);
  check_budget(mistakes, options);
  check_demand(mistakes, options);
  const PowerBounds& bounds = options.bounds;
  mistakes.require(bounds.max_ttl <= kLongest, "bounds.max_ttl", "at most 292 years");
  mistakes.require(bounds.min_ttl.count() > 0 && bounds.min_ttl <= bounds.max_ttl, "bounds.min_ttl",
                   "above zero and not above max_ttl");
  check_services(mistakes, bounds.services);
  mistakes.require(options.max_age > Duration::zero(), "max_age", "above zero");
  mistakes.require(is_known_service(options.chat_service), "chat_service", "a known service");
  return std::move(mistakes).result();
}

}  // namespace

std::string_view to_string(PowerDecisionKind kind) noexcept {
  constexpr std::array<std::string_view, kPowerDecisionKinds> kWords = {
      "opened", "closed", "ended", "ending", "refused", "failed", "budget_low", "budget_spent"};
  return kWords[static_cast<std::size_t>(kind)];
}

std::string_view to_string(PowerSource source) noexcept {
  constexpr std::string_view kWords[] = {"schedule",  "demand", "caller",
                                         "elsewhere", "idle",   "clock"};
  return kWords[static_cast<std::size_t>(source)];
}

std::string_view to_string(LedgerState state) noexcept {
  constexpr std::string_view kWords[] = {"none", "kept", "failed"};
  return kWords[static_cast<std::size_t>(state)];
}

Result<std::shared_ptr<PowerGovernor>> PowerGovernor::create(PowerGovernorOptions options) {
  if (auto checked = check(options); !checked) return fail(std::move(checked.error()));
  auto impl = std::make_shared<Impl>(std::move(options), std::make_shared<PowerGovernorState>());
  return std::shared_ptr<PowerGovernor>(new PowerGovernor(std::move(impl)));
}

Result<std::shared_ptr<PowerGovernor>> PowerGovernor::successor(
    PowerGovernorOptions options) const {
  if (auto checked = check(options); !checked) return fail(std::move(checked.error()));
  auto impl = std::make_shared<Impl>(std::move(options), impl_->state);
  return std::shared_ptr<PowerGovernor>(new PowerGovernor(std::move(impl)));
}

bool PowerGovernor::is_active() const noexcept {
  return impl_->is_active();
}

bool PowerGovernor::Impl::is_active() const noexcept {
  return !options.schedules.empty() || options.budget.is_limited() || options.power_aware ||
         !options.demand.services.empty() || options.idle_after > Duration::zero() ||
         options.alert_before > Duration::zero();
}

const PowerGovernorOptions& PowerGovernor::options() const noexcept {
  return impl_->options;
}

bool PowerGovernor::take_change() noexcept {
  return impl_->state->is_changed.exchange(false, std::memory_order_relaxed);
}

bool PowerGovernor::passes_by() noexcept {
  PowerGovernorState& state = *impl_->state;
  const PowerGovernorOptions& options = impl_->options;
  const std::int64_t until =
      options.power_aware ? state.asleep_until.load(std::memory_order_relaxed) : 0;
  const Duration now = until != 0 ? options.clock.now().time_since_epoch() : Duration::zero();
  // A store by every chat would move the cache line between the threads.
  if (until == 0 || now >= Duration(until)) {
    if (!state.is_used.load(std::memory_order_relaxed))
      state.is_used.store(true, std::memory_order_relaxed);
    return false;
  }
  if (options.demand.services.empty()) return true;
  const Duration wanted(state.wanted_at.load(std::memory_order_relaxed));
  if (now - wanted >= std::chrono::seconds(1)) {
    state.wanted_at.store(now.count(), std::memory_order_relaxed);
  }
  return true;
}

std::vector<PowerDecision> PowerGovernor::decisions() const {
  const std::lock_guard lock(impl_->state->mutex);
  return {impl_->state->decisions.begin(), impl_->state->decisions.end()};
}

PowerLedger PowerGovernor::ledger() const {
  const PowerGovernorState& state = *impl_->state;
  const std::lock_guard lock(impl_->state->mutex);
  PowerLedger ledger{.used = state.used,
                     .seen_at = state.seen_at,
                     .closed = state.closed,
                     .demand_paused_until = state.demand_paused_until};
  for (const KnownWindow& window : state.windows) ledger.windows.push_back(window.is);
  return ledger;
}

std::uint64_t PowerGovernor::ledger_version() const noexcept {
  return impl_->state->version.load(std::memory_order_relaxed);
}

void PowerGovernor::restore(PowerLedger ledger) {
  PowerGovernorState& state = *impl_->state;
  const TimePoint now = impl_->options.clock.now();
  const std::lock_guard lock(state.mutex);
  const bool is_late = state.seen_steady.has_value();
  if (is_late) impl_->subtract_counted(ledger);
  for (const auto& [day, used] : ledger.used) state.used[day] += used;
  for (const auto& [schedule, begin] : ledger.closed) {
    WallTime& known = state.closed[schedule];
    known = std::max(known, begin);
  }
  state.demand_paused_until = std::max(state.demand_paused_until, ledger.demand_paused_until);
  state.version.fetch_add(1, std::memory_order_relaxed);
  if (is_late) return;  // madre's state is younger than what was kept of windows
  state.seen_at = ledger.seen_at;
  for (PowerLedger::Window& window : ledger.windows) {
    state.windows.push_back(
        {.is = std::move(window), .added_at = now, .used_at = now, .is_seen = true});
  }
}

void PowerGovernor::set_ledger_state(LedgerState state) noexcept {
  impl_->state->ledger.store(state, std::memory_order_relaxed);
}

/// What this process has counted of the time before `ledger.seen_at` stands in the ledger too.
void PowerGovernor::Impl::subtract_counted(const PowerLedger& ledger) const {
  std::vector<Span> spans;
  for (const KnownWindow& window : state->windows) {
    const WallTime until = std::min(ledger.seen_at.value_or(window.is.since), *state->seen_at);
    if (window.is.since < until) spans.emplace_back(window.is.since, until);
  }
  UsedDays twice;
  add_used(twice, std::move(spans), options.budget.zone);
  for (const auto& [day, time] : twice) {
    milliseconds& used = state->used[day];
    used = std::max(used - time, milliseconds(0));
  }
}

/// Deciding takes no memory but for its own; without any, the program's last resort is the
/// exception.
void PowerGovernor::Impl::decide(MadeDecisions& made, PowerDecision decision) const {
  decision.id = ++state->last_id;
  decision.at = options.wall_clock.now();
  state->counts[static_cast<std::size_t>(decision.kind)].fetch_add(1, std::memory_order_relaxed);
  state->version.fetch_add(1, std::memory_order_relaxed);
  state->decisions.push_back(decision);
  if (state->decisions.size() > kKeptDecisions) state->decisions.pop_front();
  made.push_back(std::move(decision));
}

void PowerGovernor::Impl::deliver(const MadeDecisions& made) const {
  if (!options.on_decision) return;
  for (const PowerDecision& decision : made) {
    try {
      options.on_decision(decision);
    } catch (...) {  // the command that was decided on has to be carried out and concluded
    }
  }
}

bool PowerGovernor::Impl::is_current(TimePoint steady) const {
  return state->seen_steady && steady - *state->seen_steady <= options.max_age;
}

bool PowerGovernor::Impl::is_shown(const KnownWindow& window, TimePoint steady) const {
  if (!is_active()) return false;
  return is_current(steady) || steady - window.added_at <= options.max_age;
}

}  // namespace v0
}  // namespace vx11
