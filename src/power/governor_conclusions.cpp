// How the commands of a governor have ended.
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

/// The decoded text of a member; empty if there is none.
std::string member_of(std::string_view object, std::string_view name) {
  const std::array names = {name};
  const auto scanned = json::scan_object(object, names);
  if (!scanned || scanned->members[0].kind != json::Kind::string) return {};
  return std::string(scanned->members[0].text);
}

/// One that madre has just opened.
KnownWindow window_of(const PowerOrder& order, WallTime now, TimePoint steady) {
  KnownWindow window{.is = {.id = order.window_id,
                            .since = now,
                            .services = order.window.services,
                            .source = order.source,
                            .schedule = order.schedule},
                     .added_at = steady,
                     .used_at = steady,
                     .ttl = order.window.ttl};
  if (const auto ttl = order.window.ttl) {
    window.is.end = now + *ttl;
    window.ends = saturated_add(steady, *ttl);
  }
  return window;
}

}  // namespace

PowerDecision decision_of(const PowerOrder& order, PowerDecisionKind kind, std::string reason) {
  return {.kind = kind,
          .source = order.source,
          .schedule = order.schedule,
          .window_id = order.window_id,
          .services = order.window.services,
          .ttl = order.window.ttl,
          .reason = std::move(reason)};
}

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
  const TimePoint steady = options.clock.now();
  PowerOrder opened = order;
  opened.window_id = std::move(id);
  KnownWindow window = window_of(opened, now, steady);
  state->late_open.reset();
  state->retries.erase(order.schedule);
  const auto is_adopted = [&](const KnownWindow& known) {
    return known.is.id == window.is.id && known.is.source == order.source &&
           known.is.schedule == order.schedule;
  };
  // Her state may have shown it before she answered.
  if (std::any_of(state->windows.begin(), state->windows.end(), is_adopted)) return;
  for (const KnownWindow& known : state->windows) {
    count_gone(known, now, steady);
    if (known.is.id != window.is.id) note_gone(made, known, now, steady);
  }
  decide(made, decision_of(opened, PowerDecisionKind::opened, order.schedule.empty() ? "" : "due"));
  state->windows.clear();
  state->windows.push_back(std::move(window));
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
