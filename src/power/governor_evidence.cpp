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

std::optional<WallTime> end_of(const PowerWindow& window, WallTime now) {
  if (window.remaining) return now + *window.remaining;
  if (window.created_at && window.ttl) return *window.created_at + *window.ttl;
  return std::nullopt;
}

std::optional<seconds> ttl_left(const PowerLedger::Window& window, WallTime now) {
  if (!window.end) return std::nullopt;
  return std::max(std::chrono::floor<seconds>(*window.end - now), seconds(0));
}

/// What madre says is left is in whole seconds: the same end moves by as much from state to state.
void update_end(KnownWindow& known, const std::optional<WallTime>& end) {
  const bool are_ends = end && known.is.end;
  const auto later = are_ends ? *end - *known.is.end : std::chrono::milliseconds(0);
  if (are_ends && std::chrono::abs(later) <= kTolerance) return;
  if (!end || later > kTolerance) known.is_alerted = false;
  known.is.end = end;
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
  // The steady clock says how much time has passed, also while the wall clock is put right.
  Duration since_last = Duration::max();
  if (state->seen_steady) since_last = steady - *state->seen_steady;
  if (state->is_used.exchange(false, std::memory_order_relaxed)) {
    for (KnownWindow& window : state->windows) window.used_at = steady;
  }
  count_use(seen, now, since_last);
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

/// One that has gone at an unknown moment counts up to now, or to its own end.
void PowerGovernor::Impl::count_use(const PowerState& seen, WallTime now,
                                    Duration since_last) const {
  WallTime last = state->seen_at.value_or(now - kLongestBefore);
  if (since_last != Duration::max()) {
    last = now - std::chrono::duration_cast<milliseconds>(since_last);
  }
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
  forget_old(state->used, options.budget.zone.day_of(now));
}

/// One that has gone by a command, from when it was counted last.
void PowerGovernor::Impl::count_gone(const KnownWindow& window, WallTime now,
                                     TimePoint steady) const {
  WallTime last = state->seen_at.value_or(now - kLongestBefore);
  if (state->seen_steady) {
    last = now - std::chrono::duration_cast<milliseconds>(steady - *state->seen_steady);
  }
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
  const bool has_ended = window.is.end && *window.is.end <= now + kTolerance;
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
    const auto end = end_of(window, now);
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
      update_end(*known, end);
      continue;
    }
    PowerLedger::Window made_of{.id = window.id,
                                .since = std::min(window.created_at.value_or(now), now),
                                .end = end,
                                .services = window.services};
    const bool is_late = adopt(made_of, steady);
    decide(made, {.kind = PowerDecisionKind::opened,
                  .source = made_of.source,
                  .schedule = made_of.schedule,
                  .window_id = window.id,
                  .services = window.services,
                  .ttl = ttl_left(made_of, now),
                  .reason = is_late ? "late" : "seen"});
    state->windows.push_back(
        {.is = std::move(made_of), .added_at = steady, .used_at = steady, .is_seen = true});
  }
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
void PowerGovernor::Impl::alert(MadeDecisions& made, WallTime now) const {
  for (KnownWindow& window : state->windows) {
    const auto left = ttl_left(window.is, now);
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
  const bool is_spent = milliseconds(*limit) - used < seconds(1);  // less is no window
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
