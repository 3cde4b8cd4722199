// The commands that a governor decides on.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "json/scan.hpp"
#include "power/command_verdict.hpp"
#include "power/governor_impl.hpp"
#include "power/names.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using std::chrono::seconds;

/// madre's status for a window beside another one.
constexpr int kOpenAlready = 409;
/// After a command that failed: madre may be starting again.
constexpr Duration kAfterFailure = seconds(30);
/// After a command that may still be carried out.
constexpr Duration kAfterPending = std::chrono::minutes(1);
/// After many that failed.
constexpr Duration kMostAfterFailure = std::chrono::minutes(15);
/// The longest Retry-After of madre's that is obeyed.
constexpr Duration kMostAsked = std::chrono::hours(1);
/// A failure this long after the last one is the first of others.
constexpr Duration kNewFailures = std::chrono::hours(1);

/// The decoded text of a member; empty if there is none.
std::string member_of(std::string_view object, std::string_view name) {
  const std::array names = {name};
  const auto scanned = json::scan_object(object, names);
  if (!scanned || scanned->members[0].kind != json::Kind::string) return {};
  return std::string(scanned->members[0].text);
}

PowerDecision decision_of(const PowerOrder& order, PowerDecisionKind kind, std::string reason) {
  return {.kind = kind,
          .source = order.source,
          .schedule = order.schedule,
          .window_id = order.window_id,
          .services = order.window.services,
          .ttl = order.window.ttl,
          .reason = std::move(reason)};
}

}  // namespace

bool is_done(const Result<MadreReply>& reply) {
  return reply && verdict_of(*reply).outcome == CommandOutcome::done;
}

std::string opened_window(const Result<MadreReply>& reply) {
  return is_done(reply) ? member_of(reply->json, "window_id") : std::string();
}

bool is_pending(const Result<MadreReply>& reply) {
  return reply && verdict_of(*reply).outcome == CommandOutcome::not_known;
}

bool may_come_late(const Result<MadreReply>& reply) {
  if (reply) return is_pending(reply) || is_done(reply);
  return may_have_arrived(reply.error().code);
}

std::string failure_reason(const Result<MadreReply>& reply) {
  if (!reply) return std::string(to_string(reply.error().code));
  if (is_pending(reply)) return "pending";
  if (is_done(reply)) return "no_window_id";
  if (verdict_of(*reply).is_plan) return "planned";
  if (reply->ok()) return "madre_failed";
  return fmt::format("madre_refused_{}", reply->status);
}

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

void PowerGovernor::withdrawn(const PowerOrder& order) {
  PowerGovernorState& state = *impl_->state;
  const std::lock_guard lock(state.mutex);
  --state.commands;
  if (order.action == PowerOrder::Action::open) state.late_open.reset();
  if (order.source == PowerSource::demand) {
    state.wanted_at.store(impl_->options.clock.now().time_since_epoch().count(),
                          std::memory_order_relaxed);
  }
  for (KnownWindow& window : state.windows) {
    if (window.is.id == order.window_id && !window.late_since) window.is_closing = false;
  }
}

void PowerGovernor::concluded(const PowerOrder& order, const Result<MadreReply>& reply) {
  MadeDecisions made;
  {
    const std::lock_guard lock(impl_->state->mutex);
    --impl_->state->commands;
    const bool is_open = order.action == PowerOrder::Action::open;
    is_open ? impl_->open_concluded(made, order, reply)
            : impl_->close_concluded(made, order, reply);
  }
  impl_->state->is_changed.store(true, std::memory_order_relaxed);
  impl_->deliver(made);
}

void PowerGovernor::Impl::open_concluded(MadeDecisions& made, const PowerOrder& order,
                                         const Result<MadreReply>& reply) const {
  if (std::string id = opened_window(reply); !id.empty()) {
    return add_opened(made, order, std::move(id));
  }
  const TimePoint steady = options.clock.now();
  if (!state->late_open) return;  // her state has shown it meanwhile
  if (reply && reply->status == kOpenAlready) return open_already(order, steady);
  const Duration asked = reply ? std::min(reply->retry_after, kMostAsked) : Duration::zero();
  const bool is_late = may_come_late(reply);
  if (is_late) {
    state->late_open->since = steady;
  } else {
    state->late_open.reset();
  }
  PowerRetry& retry = retry_of(order, options.wall_clock.now(), steady);
  const bool is_unknown = is_late && (reply || reply.error().code == Errc::cancelled);
  const Duration least = is_unknown ? kAfterPending : kAfterFailure;
  retry.wait = std::min(std::max(least, 2 * retry.wait), kMostAfterFailure);
  retry.at = saturated_add(steady, std::max(asked, retry.wait));
  report_once(made, retry, decision_of(order, PowerDecisionKind::failed, failure_reason(reply)));
}

/// Her next state shows the window that is open. One with the same services may have been opened by
/// another process with the same rules.
void PowerGovernor::Impl::open_already(const PowerOrder& order, TimePoint steady) const {
  state->late_open = LateOpen{.order = order, .since = steady, .is_open = true};
  retry_of(order, options.wall_clock.now(), steady).at = saturated_add(steady, kAfterFailure);
}

/// madre keeps one window: any other that was open has gone.
void PowerGovernor::Impl::add_opened(MadeDecisions& made, const PowerOrder& order,
                                     std::string id) const {
  const WallTime now = options.wall_clock.now();
  PowerOrder opened = order;
  opened.window_id = std::move(id);
  PowerLedger::Window window{.id = opened.window_id,
                             .since = now,
                             .services = order.window.services,
                             .source = order.source,
                             .schedule = order.schedule};
  const TimePoint steady = options.clock.now();
  std::optional<TimePoint> ends = std::nullopt;
  if (const auto ttl = order.window.ttl) {
    window.end = now + *ttl;
    ends = saturated_add(steady, *ttl);
  }
  const bool is_caller = order.source == PowerSource::caller;
  for (const KnownWindow& known : state->windows) {
    if (known.is.id == window.id && !is_caller) return;  // her state has shown it meanwhile
  }
  for (const KnownWindow& known : state->windows) {
    count_gone(known, now, steady);
    if (known.is.id != window.id) note_gone(made, known, now, steady);
  }
  state->late_open.reset();
  state->retries.erase(order.schedule);
  decide(made, decision_of(opened, PowerDecisionKind::opened, order.schedule.empty() ? "" : "due"));
  state->windows.clear();
  state->windows.push_back({.is = std::move(window),
                            .added_at = steady,
                            .used_at = steady,
                            .ttl = order.window.ttl,
                            .ends = ends});
  // From the command on it is awake, or at least starting: chats find out.
  if (contains(order.window.services, options.chat_service)) {
    state->asleep_until.store(0, std::memory_order_relaxed);
  }
}

void PowerGovernor::Impl::close_concluded(MadeDecisions& made, const PowerOrder& order,
                                          const Result<MadreReply>& reply) const {
  const bool is_gone = is_done(reply) || (reply && reply->status == 404);
  const auto found =
      std::find_if(state->windows.begin(), state->windows.end(),
                   [&](const KnownWindow& each) { return each.is.id == order.window_id; });
  if (found == state->windows.end()) return;
  const TimePoint steady = options.clock.now();
  if (!is_gone) {
    const bool is_late = may_come_late(reply);
    if (is_late) found->late_since = steady;
    found->is_closing = is_late;
    found->used_at = steady;  // tried again when it has been idle as long once more
    return decide(made, decision_of(order, PowerDecisionKind::failed, failure_reason(reply)));
  }
  const KnownWindow closed = std::move(*found);
  state->windows.erase(found);
  const WallTime now = options.wall_clock.now();
  count_gone(closed, now, steady);
  note_idle(made, closed.is, now);
}

/// One that this governor has closed: a chat may open it again.
void PowerGovernor::Impl::note_idle(MadeDecisions& made, const PowerLedger::Window& window,
                                    WallTime now) const {
  const auto paused = state->demand_paused_until;
  leave_alone(now);
  state->demand_paused_until = paused;
  decide(made, {.kind = PowerDecisionKind::closed,
                .source = PowerSource::idle,
                .window_id = window.id,
                .services = window.services,
                .reason = "idle"});
}

}  // namespace v0
}  // namespace vx11
