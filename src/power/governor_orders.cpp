// The commands that a governor decides on.
#include <algorithm>

#include "power/governor_impl.hpp"
#include "power/names.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using std::chrono::seconds;

/// After a command that may still be carried out.
constexpr Duration kAfterPending = std::chrono::minutes(1);
/// A failure this long after the last one is the first of others.
constexpr Duration kNewFailures = std::chrono::hours(1);

}  // namespace

std::optional<PowerOrder> PowerGovernor::due() {
  MadeDecisions made;
  std::optional<PowerOrder> order;
  {
    const std::lock_guard lock(impl_->state->mutex);
    const TimePoint steady = impl_->options.clock.now();
    const WallTime now = impl_->options.wall_clock.now();
    if (impl_->is_current(steady)) order = impl_->due(made, now, steady);
    if (order) impl_->begin(*order, steady);
  }
  impl_->deliver(made);
  return order;
}

/// madre's state may show the window before she answers.
void PowerGovernor::Impl::begin(const PowerOrder& order, TimePoint steady) const {
  ++state->commands;
  if (order.action != PowerOrder::Action::open) return;
  state->late_open = LateOpen{.order = order, .since = steady};
}

std::optional<PowerOrder> PowerGovernor::Impl::due(MadeDecisions& made, WallTime now,
                                                   TimePoint steady) const {
  alert(made, now, steady);
  if (state->commands != 0) return std::nullopt;
  if (auto order = idle_order(steady)) return order;
  if (!state->windows.empty()) {  // beside it madre opens none
    state->wanted_at.store(0, std::memory_order_relaxed);
    return std::nullopt;
  }
  for (const PowerSchedule& schedule : options.schedules) {
    if (auto order = schedule_order(made, schedule, now, steady)) return order;
  }
  return demand_order(made, now, steady);
}

std::optional<PowerOrder> PowerGovernor::Impl::idle_order(TimePoint steady) const {
  if (options.idle_after <= Duration::zero()) return std::nullopt;
  const bool is_used = state->is_used.exchange(false, std::memory_order_relaxed);
  for (KnownWindow& window : state->windows) {
    if (is_used) window.used_at = steady;
    const bool is_idle = steady - window.used_at >= options.idle_after;
    if (window.is_closing || !is_idle || !contains(window.is.services, options.chat_service))
      continue;
    window.is_closing = true;
    PowerOrder order{.action = PowerOrder::Action::close,
                     .window_id = window.is.id,
                     .source = PowerSource::idle};
    order.window.services = window.is.services;
    order.window.ttl = std::nullopt;
    return order;
  }
  return std::nullopt;
}

bool PowerGovernor::Impl::waits(std::string_view schedule, TimePoint steady) const {
  const auto found = state->retries.find(schedule);
  return found != state->retries.end() && steady < found->second.at;
}

/// What is known of failures in the current occurrence.
PowerRetry& PowerGovernor::Impl::retry_of(const PowerOrder& order, WallTime now,
                                          TimePoint steady) const {
  PowerRetry& retry = state->retries[order.schedule];
  WallTime occurrence;
  for (const PowerSchedule& schedule : options.schedules) {
    if (schedule.name != order.schedule) continue;
    const auto current = current_occurrence(schedule, now);
    if (current) occurrence = current->begin;
  }
  const bool is_new =
      retry.occurrence != occurrence || steady >= saturated_add(retry.at, kNewFailures);
  if (is_new) retry = {.occurrence = occurrence};
  return retry;
}

/// The decisions that are kept are few: one that repeats the last one is none.
void PowerGovernor::Impl::report_once(MadeDecisions& made, PowerRetry& retry,
                                      PowerDecision decision) const {
  if (retry.reported == decision.reason) return;
  retry.reported = decision.reason;
  decide(made, std::move(decision));
}

/// As much of it as bounds and budget leave.
seconds PowerGovernor::Impl::grantable(WallTime now, seconds wanted) const {
  wanted = std::min(wanted, options.bounds.max_ttl);
  return std::chrono::floor<seconds>(affordable(options.budget, state->used, now, wanted));
}

/// Why what is grantable is too short.
std::string PowerGovernor::Impl::refusal_reason(const PowerOrder& order, WallTime now) const {
  const auto refused = refusal_of_ttl(order.window, now);
  return refused ? refused->reason : std::string("ttl_too_short");
}

std::optional<PowerOrder> PowerGovernor::Impl::schedule_order(MadeDecisions& made,
                                                              const PowerSchedule& schedule,
                                                              WallTime now,
                                                              TimePoint steady) const {
  const auto current = current_occurrence(schedule, now);
  if (!current || waits(schedule.name, steady)) return std::nullopt;
  const auto closed = state->closed.find(schedule.name);
  if (closed != state->closed.end() && closed->second == current->begin) return std::nullopt;
  const auto left = std::chrono::floor<seconds>(current->end - now);
  const seconds wanted = std::min(left, schedule.ttl.value_or(left));
  if (wanted < options.bounds.min_ttl) return std::nullopt;
  PowerOrder order{.source = PowerSource::schedule, .schedule = schedule.name};
  order.window.services = schedule.services;
  order.window.ttl = grantable(now, wanted);
  order.window.reason = "schedule " + schedule.name;
  if (*order.window.ttl >= options.bounds.min_ttl) return order;
  if (state->refused_for[schedule.name] == current->begin) return std::nullopt;
  state->refused_for[schedule.name] = current->begin;
  decide(made, decision_of(order, PowerDecisionKind::refused, refusal_reason(order, now)));
  return std::nullopt;
}

/// What chats have asked for is forgotten if it is not granted, or was long ago: the next one asks
/// again.
std::optional<PowerOrder> PowerGovernor::Impl::demand_order(MadeDecisions& made, WallTime now,
                                                            TimePoint steady) const {
  if (options.demand.services.empty() || waits("", steady)) return std::nullopt;
  const Duration wanted(state->wanted_at.exchange(0, std::memory_order_relaxed));
  const bool is_old = steady.time_since_epoch() - wanted > options.max_age;
  if (wanted == Duration::zero() || is_old) return std::nullopt;
  if (state->demand_paused_until && now < *state->demand_paused_until) return std::nullopt;
  PowerOrder order{.source = PowerSource::demand};
  order.window.services = options.demand.services;
  order.window.ttl = grantable(now, options.demand.ttl);
  order.window.reason = "a chat asked for it";
  if (*order.window.ttl >= options.bounds.min_ttl) return order;
  PowerRetry& retry = retry_of(order, now, steady);
  retry.at = saturated_add(steady, kAfterPending);
  report_once(made, retry,
              decision_of(order, PowerDecisionKind::refused, refusal_reason(order, now)));
  return std::nullopt;
}

}  // namespace v0
}  // namespace vx11
