// What a governor learns from madre's state.
#include <algorithm>

#include "power/governor_impl.hpp"
#include "power/names.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using std::chrono::seconds;

/// madre's clock and ours differ, and her state is read some time after a window has ended.
constexpr seconds kTolerance(3);
/// A window that was open before the first observation, of which the time so far counts.
constexpr std::chrono::hours kLongestBefore(24 * 31);
/// How long madre may take to carry out an order whose call has ended: a call waits for five
/// minutes, and her state is read some time after.
constexpr std::chrono::minutes kLatest(6);

const PowerWindow* find(const PowerState& seen, std::string_view id) {
  const auto found = std::find_if(seen.windows.begin(), seen.windows.end(),
                                  [=](const PowerWindow& window) { return window.id == id; });
  return found == seen.windows.end() ? nullptr : &*found;
}

/// Whether what is left is madre's end by our clock, which hers may differ from, and not her word.
bool is_calculated(const PowerWindow& window, WallTime now) {
  if (!window.created_at || !window.ttl) return false;
  if (!window.remaining || window.remaining->count() == 0) return true;
  const auto left = *window.created_at + *window.ttl - now;
  return std::chrono::abs(left - *window.remaining) <= kTolerance;
}

/// By our clock from `since` on, unless madre says it.
std::optional<milliseconds> left_of(const PowerWindow& window, WallTime since, WallTime now) {
  if (!is_calculated(window, now)) return window.remaining;
  const milliseconds granted = *window.ttl;
  return std::min(since + granted - now, granted);
}

std::optional<seconds> ttl_left(const KnownWindow& window, TimePoint steady) {
  if (!window.ends) return std::nullopt;
  return std::max(std::chrono::floor<seconds>(*window.ends - steady), seconds(0));
}

}  // namespace

void PowerGovernor::observe(const PowerState& state) {
  MadeDecisions made;
  {
    const std::lock_guard lock(impl_->state->mutex);
    impl_->observe(made, state);
  }
  impl_->deliver(made);
}

void PowerGovernor::Impl::observe(MadeDecisions& made, const PowerState& seen) const {
  const TimePoint steady = options.clock.now() - seen.age;
  const WallTime now = options.wall_clock.now() -
                       std::chrono::duration_cast<milliseconds>(std::max(seen.age, Duration()));
  if (state->seen_steady && steady < *state->seen_steady) return;  // older than what is known
  if (state->is_used.exchange(false, std::memory_order_relaxed)) {
    for (KnownWindow& window : state->windows) window.used_at = steady;
  }
  count_use(seen, now, steady);
  bound_pause(now);
  drop_gone(made, seen, now, steady);
  add_new(made, seen, now, steady);
  if (state->late_open && state->late_open->is_open && steady > state->late_open->since) {
    state->late_open.reset();
  }
  state->seen_at = now;
  state->seen_steady = steady;
  const bool is_awake = contains(seen.running, options.chat_service) || is_waking(steady);
  if (is_awake) state->wanted_at.store(0, std::memory_order_relaxed);
  const TimePoint until = saturated_add(steady, options.max_age);
  state->asleep_until.store(is_awake ? 0 : until.time_since_epoch().count(),
                            std::memory_order_relaxed);
}

/// Whether the service is in a window that was opened after the state was read.
bool PowerGovernor::Impl::is_waking(TimePoint steady) const {
  return std::any_of(state->windows.begin(), state->windows.end(), [&](const KnownWindow& each) {
    return each.added_at > steady && contains(each.is.services, options.chat_service);
  });
}

/// The steady clock says how much time has passed, also while the wall clock is put right.
WallTime PowerGovernor::Impl::last_seen(WallTime now, TimePoint steady) const {
  if (state->seen_steady) {
    return now - std::chrono::duration_cast<milliseconds>(steady - *state->seen_steady);
  }
  const WallTime earliest = now - kLongestBefore;
  return std::max(state->seen_at.value_or(earliest), earliest);
}

/// One that has gone at an unknown moment counts up to now, or to its own end.
void PowerGovernor::Impl::count_use(const PowerState& seen, WallTime now, TimePoint steady) const {
  const WallTime last = last_seen(now, steady);
  std::vector<Span> spans;
  for (const KnownWindow& window : state->windows) {
    const bool is_open = find(seen, window.is.id) != nullptr;
    const WallTime until = is_open ? now : std::min(now, window.is.end.value_or(now));
    spans.emplace_back(window.is_seen ? last : std::max(last, window.is.since), until);
  }
  for (const PowerWindow& window : seen.windows) {
    spans.emplace_back(std::max(last, std::min(window.created_at.value_or(now), now)), now);
  }
  add_used(state->used, std::move(spans), options.budget.zone);
  forget_old(state->used);
}

/// One that has gone by a command, from when it was counted last.
void PowerGovernor::Impl::count_gone(const KnownWindow& window, WallTime now,
                                     TimePoint steady) const {
  const WallTime last = last_seen(now, steady);
  const WallTime since = window.is_seen ? last : std::max(last, window.is.since);
  const WallTime until = std::min(now, window.is.end.value_or(now));
  if (since >= until) return;
  std::vector<Span> spans(1, Span(since, until));
  add_used(state->used, std::move(spans), options.budget.zone);
}

/// A state that was read before the command that opened a window does not speak of it.
void PowerGovernor::Impl::drop_gone(MadeDecisions& made, const PowerState& seen, WallTime now,
                                    TimePoint steady) const {
  const auto is_gone = [&](const KnownWindow& window) {
    const bool is_known = window.is_seen || window.added_at <= steady;
    const bool is_ordered = window.is_closing && !window.late_since;  // it is concluded yet
    return is_known && !is_ordered && find(seen, window.is.id) == nullptr;
  };
  for (const KnownWindow& window : state->windows) {
    if (is_gone(window)) note_gone(made, window, now, steady);
  }
  std::erase_if(state->windows, is_gone);
}

/// How a window ended that was opened while madre's state was not read is not known.
void PowerGovernor::Impl::note_gone(MadeDecisions& made, const KnownWindow& window, WallTime now,
                                    TimePoint steady) const {
  // By either clock: one may have jumped, the other stands still while the machine sleeps.
  const bool has_ended = (window.is.end && *window.is.end <= now + kTolerance) ||
                         (window.ends && *window.ends <= steady + kTolerance);
  const bool is_unseen = !window.is_seen && steady - window.added_at > options.max_age;
  if (window.late_since && !has_ended) return note_idle(made, window.is, now);
  const bool is_by_hand = !has_ended && !is_unseen;
  if (is_by_hand) leave_alone(now);
  decide(made, {.kind = has_ended ? PowerDecisionKind::ended : PowerDecisionKind::closed,
                .source = has_ended ? PowerSource::clock : PowerSource::elsewhere,
                .schedule = window.is.schedule,
                .window_id = window.is.id,
                .services = window.is.services,
                .reason = has_ended ? "ttl" : (is_by_hand ? "by_hand" : "unseen")});
}

void PowerGovernor::Impl::add_new(MadeDecisions& made, const PowerState& seen, WallTime now,
                                  TimePoint steady) const {
  for (const PowerWindow& window : seen.windows) {
    const auto known =
        std::find_if(state->windows.begin(), state->windows.end(),
                     [&](const KnownWindow& each) { return each.is.id == window.id; });
    if (known != state->windows.end()) {
      known->is_seen = true;
      const bool is_kept = known->late_since && *known->late_since < steady;
      if (is_kept && state->commands == 0) {  // its close was not carried out
        known->is_closing = false;
        known->late_since.reset();
      }
      known->is.services = window.services;
      update_end(*known, window, now, steady);
      continue;
    }
    KnownWindow fresh{.is = {.id = window.id,
                             .since = since_of(window, now, steady),
                             .services = window.services},
                      .added_at = steady,
                      .used_at = steady,
                      .is_seen = true};
    update_end(fresh, window, now, steady);
    const bool is_late = adopt(fresh.is, steady);
    decide(made, {.kind = PowerDecisionKind::opened,
                  .source = fresh.is.source,
                  .schedule = fresh.is.schedule,
                  .window_id = window.id,
                  .services = window.services,
                  .ttl = ttl_left(fresh, steady),
                  .reason = is_late ? "late" : "seen"});
    state->windows.push_back(std::move(fresh));
  }
}

/// Not before the last state, which did not have it, by our clock; then, if hers cannot be right.
WallTime PowerGovernor::Impl::since_of(const PowerWindow& window, WallTime now,
                                       TimePoint steady) const {
  const WallTime created = window.created_at.value_or(now);
  if (!state->seen_steady) return std::min(created, now);
  const WallTime last = last_seen(now, steady);
  return created > now + kTolerance ? last : std::clamp(created, last, std::max(last, now));
}

/// Only an extension moves the end of a window that is known. What madre says is left is in whole
/// seconds: the same end moves by as much from state to state.
void PowerGovernor::Impl::update_end(KnownWindow& known, const PowerWindow& seen, WallTime now,
                                     TimePoint steady) const {
  std::optional<TimePoint> ends = std::nullopt;
  if (const auto left = left_of(seen, known.is.since, now)) ends = saturated_add(steady, *left);
  if (known.ends && known.ttl && is_calculated(seen, now)) {
    ends = saturated_add(*known.ends, *seen.ttl - *known.ttl);
  }
  const bool are_ends = ends && known.ends;
  const bool is_same = are_ends && std::chrono::abs(*ends - *known.ends) <= kTolerance;
  if (!ends || (are_ends && *ends > *known.ends + kTolerance)) known.is_alerted = false;
  if (!is_same) known.ends = ends;
  known.ttl = seen.ttl;
  if (!ends) return known.is.end.reset();
  const WallTime end = now + std::chrono::duration_cast<milliseconds>(*known.ends - steady);
  if (!known.is.end || std::chrono::abs(end - *known.is.end) > kTolerance) known.is.end = end;
}

/// The wall clock may have been years ahead when a hand closed a window.
void PowerGovernor::Impl::bound_pause(WallTime now) const {
  const WallTime latest = now + std::chrono::duration_cast<milliseconds>(options.demand.pause);
  if (state->demand_paused_until > latest) state->demand_paused_until = latest;
}

/// Gives the window the source of an order whose call ended before madre had carried it out.
bool PowerGovernor::Impl::adopt(PowerLedger::Window& window, TimePoint steady) const {
  const auto& late = state->late_open;
  if (!late || steady - late->since > kLatest) return false;
  const auto& asked = late->order.window.services;
  const bool is_same = std::is_permutation(asked.begin(), asked.end(), window.services.begin(),
                                           window.services.end());
  if (!is_same) return false;
  window.source = late->order.source;
  window.schedule = late->order.schedule;
  state->retries.erase(late->order.schedule);
  state->late_open.reset();
  return true;
}

/// Of the schedules whose occurrence is current, none opens a window in it again.
void PowerGovernor::Impl::leave_alone(WallTime now) const {
  std::erase_if(state->closed,
                [&](const auto& entry) { return entry.second + std::chrono::hours(24 * 3) < now; });
  for (const PowerSchedule& schedule : options.schedules) {
    const auto current = current_occurrence(schedule, now);
    if (current) state->closed[schedule.name] = current->begin;
  }
  state->demand_paused_until = now + std::chrono::duration_cast<milliseconds>(options.demand.pause);
  state->version.fetch_add(1, std::memory_order_relaxed);
}

/// Of windows and budgets.
void PowerGovernor::Impl::alert(MadeDecisions& made, WallTime now, TimePoint steady) const {
  for (KnownWindow& window : state->windows) {
    const auto left = ttl_left(window, steady);
    if (options.alert_before <= Duration::zero() || window.is_alerted || !left) continue;
    if (*left > options.alert_before) continue;
    window.is_alerted = true;
    decide(made, {.kind = PowerDecisionKind::ending,
                  .source = PowerSource::clock,
                  .schedule = window.is.schedule,
                  .window_id = window.is.id,
                  .services = window.is.services,
                  .ttl = left,
                  .reason = "ttl"});
  }
  const PowerBudget& budget = options.budget;
  const std::chrono::local_days today = budget.zone.day_of(now);
  const std::chrono::year_month_day date(today);
  const std::chrono::local_days first(date.year() / date.month() / 1);
  alert_budget(made, state->day, today, budget.per_day, used_on(state->used, today), "day_budget");
  alert_budget(made, state->month, first, budget.per_month, used_in_month(state->used, today),
               "month_budget");
}

void PowerGovernor::Impl::alert_budget(MadeDecisions& made, BudgetAlerts& alerts,
                                       std::chrono::local_days period,
                                       const std::optional<seconds>& limit, milliseconds used,
                                       std::string_view name) const {
  if (alerts.period != period) alerts = {.period = period};
  if (!limit) return;
  const bool is_spent = milliseconds(*limit) - used < kShortest;
  const bool is_low = static_cast<double>(used.count()) >=
                      options.budget.warn_at * static_cast<double>(milliseconds(*limit).count());
  const auto left = std::max(std::chrono::floor<seconds>(*limit - used), seconds(0));
  const auto report = [&](PowerDecisionKind kind) {
    decide(made,
           {.kind = kind, .source = PowerSource::clock, .ttl = left, .reason = std::string(name)});
  };
  if (is_low && !is_spent && !alerts.is_low) report(PowerDecisionKind::budget_low);
  if (is_spent && !alerts.is_spent) report(PowerDecisionKind::budget_spent);
  alerts.is_low = alerts.is_low || is_low;
  alerts.is_spent = alerts.is_spent || is_spent;
}

}  // namespace v0
}  // namespace vx11
