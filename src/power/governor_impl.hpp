#pragma once

/// \file
/// The state of a `PowerGovernor`. Internal.

#include <vx11/power_governor.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "power/budget.hpp"
#include "power/schedule.hpp"

namespace vx11 {
inline namespace v0 {

/// A window that is open, as far as is known.
struct KnownWindow {
  PowerLedger::Window is = {};
  TimePoint added_at = {};
  TimePoint used_at = {};  ///< The same, or when a chat used it last.
  /// As granted, and when that ends by the steady clock, once a state has shown it.
  std::optional<std::chrono::seconds> ttl = std::nullopt;
  std::optional<TimePoint> ends = std::nullopt;
  bool is_alerted = false;  ///< That it ends soon.
  bool is_closing = false;  ///< By this governor.
  /// When its close ended without madre's word of it: her next states show what became of it.
  std::optional<TimePoint> late_since = std::nullopt;
  bool is_seen = false;  ///< In madre's state, not only in her answer to the command.
};

/// When a window that was not opened is tried again: of a schedule, or of demand.
struct PowerRetry {
  TimePoint at = {};
  Duration wait = {};         ///< Before it; doubles with each failure.
  WallTime occurrence = {};   ///< Of the schedule.
  std::string reported = {};  ///< The reason of the last decision.
};

/// An order to open that madre is carrying out, or may be although its call has ended.
struct LateOpen {
  PowerOrder order = {};
  TimePoint since = {};  ///< When it was sent, or its call ended.
  bool is_open = false;  ///< By madre's 409: only her next state can show it.
};

/// Where a budget's use has been reported.
struct BudgetAlerts {
  std::chrono::local_days period = {};  ///< Its first day.
  bool is_low = false;
  bool is_spent = false;
};

/// What policies that follow one another share.
struct PowerGovernorState {
  std::mutex mutex = {};
  // Guarded by `mutex`:
  std::vector<KnownWindow> windows = {};
  UsedDays used = {};
  std::optional<WallTime> seen_at = std::nullopt;       ///< Of the state that was observed last.
  std::optional<TimePoint> seen_steady = std::nullopt;  ///< The same; none in an earlier process.
  std::map<std::string, WallTime, std::less<>> closed = {};
  std::optional<WallTime> demand_paused_until = std::nullopt;
  std::map<std::string, PowerRetry, std::less<>> retries = {};    ///< By schedule; empty: demand.
  std::map<std::string, WallTime, std::less<>> refused_for = {};  ///< Reported once an occurrence.
  BudgetAlerts day = {};
  BudgetAlerts month = {};
  std::deque<PowerDecision> decisions = {};
  std::uint64_t last_id = 0;
  int commands = 0;  ///< In progress.
  std::optional<LateOpen> late_open = std::nullopt;

  std::array<std::atomic<std::uint64_t>, kPowerDecisionKinds> counts = {};
  std::atomic<std::uint64_t> version = 0;
  std::atomic<std::int64_t> asleep_until = 0;  ///< As `TimePoint`; 0: awake or unknown.
  std::atomic<bool> is_used = false;           ///< By a chat since it was read last.
  std::atomic<std::int64_t> wanted_at = 0;     ///< By a chat that found it asleep; 0: by none.
  std::atomic<bool> is_changed = false;        ///< By a command since it was read last.
  std::atomic<LedgerState> ledger = LedgerState::none;
};

/// Decisions that were made under the lock, to be delivered after it.
using MadeDecisions = std::vector<PowerDecision>;

struct PowerGovernor::Impl {
  Impl(PowerGovernorOptions given, std::shared_ptr<PowerGovernorState> shared)
      : options(std::move(given)), state(std::move(shared)) {}

  void deliver(const MadeDecisions& made) const;

  // Under the lock:
  void decide(MadeDecisions& made, PowerDecision decision) const;
  void observe(MadeDecisions& made, const PowerState& seen) const;
  WallTime last_seen(WallTime now, TimePoint steady) const;
  void count_use(const PowerState& seen, WallTime now, TimePoint steady) const;
  void add_new(MadeDecisions& made, const PowerState& seen, WallTime now, TimePoint steady) const;
  void drop_gone(MadeDecisions& made, const PowerState& seen, WallTime now, TimePoint steady) const;
  bool is_waking(TimePoint steady) const;
  void count_gone(const KnownWindow& window, WallTime now, TimePoint steady) const;
  void subtract_counted(const PowerLedger& ledger) const;
  bool adopt(PowerLedger::Window& window, TimePoint steady) const;
  WallTime since_of(const PowerWindow& window, WallTime now, TimePoint steady) const;
  void update_end(KnownWindow& known, const PowerWindow& seen, WallTime now,
                  TimePoint steady) const;
  void bound_pause(WallTime now) const;
  void note_idle(MadeDecisions& made, const PowerLedger::Window& window, WallTime now) const;
  void note_gone(MadeDecisions& made, const KnownWindow& window, WallTime now,
                 TimePoint steady) const;
  void leave_alone(WallTime now) const;
  void alert(MadeDecisions& made, WallTime now, TimePoint steady) const;
  void alert_budget(MadeDecisions& made, BudgetAlerts& alerts, std::chrono::local_days period,
                    const std::optional<std::chrono::seconds>& limit, milliseconds used,
                    std::string_view name) const;
  void begin(const PowerOrder& order, TimePoint steady) const;
  std::optional<PowerOrder> due(MadeDecisions& made, WallTime now, TimePoint steady) const;
  std::optional<PowerOrder> idle_order(TimePoint steady) const;
  std::optional<PowerOrder> schedule_order(MadeDecisions& made, const PowerSchedule& schedule,
                                           WallTime now, TimePoint steady) const;
  std::optional<PowerOrder> demand_order(MadeDecisions& made, WallTime now, TimePoint steady) const;
  std::string refusal_reason(const PowerOrder& order, WallTime now) const;
  std::chrono::seconds grantable(WallTime now, std::chrono::seconds wanted) const;
  bool waits(std::string_view schedule, TimePoint steady) const;
  PowerRetry& retry_of(const PowerOrder& order, WallTime now, TimePoint steady) const;
  void report_once(MadeDecisions& made, PowerRetry& retry, PowerDecision decision) const;
  void open_concluded(MadeDecisions& made, const PowerOrder& order,
                      const Result<MadreReply>& reply) const;
  void open_already(const PowerOrder& order, TimePoint steady) const;
  void close_concluded(MadeDecisions& made, const PowerOrder& order,
                       const Result<MadreReply>& reply) const;
  void add_opened(MadeDecisions& made, const PowerOrder& order, std::string id) const;
  std::optional<PowerRefusal> refusal(const WindowRequest& window, WallTime now) const;
  std::optional<PowerRefusal> refusal_of_ttl(const WindowRequest& window, WallTime now) const;
  std::optional<PowerRefusal> refusal_of_budget(const WindowRequest& window, WallTime now) const;
  /// Whether madre's state is known and young enough.
  bool is_current(TimePoint steady) const;
  /// Whether any rule needs her state.
  bool is_active() const noexcept;
  /// Whether what is known of the window is young enough to be shown.
  bool is_shown(const KnownWindow& window, TimePoint steady) const;

  const PowerGovernorOptions options;
  const std::shared_ptr<PowerGovernorState> state;
};

/// What was decided of an order.
PowerDecision decision_of(const PowerOrder& order, PowerDecisionKind kind, std::string reason);
/// Whether madre has carried the command out.
bool is_done(const Result<MadreReply>& reply);
/// The id of the window that she has opened; empty if she does not name it.
std::string opened_window(const Result<MadreReply>& reply);
/// Whether she may still carry it out, or has without saying so, by her answer.
bool is_pending(const Result<MadreReply>& reply);
/// The same, also without an answer.
bool may_come_late(const Result<MadreReply>& reply);
/// A word for an error or a refusal of madre.
std::string failure_reason(const Result<MadreReply>& reply);

}  // namespace v0
}  // namespace vx11
