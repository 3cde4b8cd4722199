#pragma once

/// \file
/// `PowerGovernor`: decides which power windows are opened, refused and closed, by schedules,
/// bounds, budgets, use and demand.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/result.hpp>
#include <vx11/time_zone.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Days of the week.
struct Weekdays {
  std::uint8_t bits = 0x7F;  ///< Bit n is the day with C encoding n: 0 is Sunday. Default: all.

  constexpr bool contains(std::chrono::weekday day) const noexcept {
    return ((bits >> day.c_encoding()) & 1U) != 0;
  }
};

/// A window that is opened at the same time of every week.
///
/// Civil time decides, as clocks in `zone` show it. A beginning or end that is skipped when clocks
/// are put forward is the moment at which they are, and one that happens twice is the first of
/// both: so each occurrence comes once. One of which every minute is skipped does not happen.
struct PowerSchedule {
  std::string name = {};           ///< Unique; appears in decisions.
  Weekdays days = {};              ///< On which it begins.
  std::chrono::minutes from = {};  ///< Since midnight, below 24 h.
  std::chrono::minutes to = {};    ///< The same, up to 24 h; not after `from`: on the next day.
  TimeZone zone = {};              ///< Default: UTC.
  std::vector<std::string> services{};  ///< At least one, all known.
  /// Of each window, of which the next one is opened when it has ended. None, the default: to the
  /// end of the occurrence. Shorter ones end sooner if this process cannot close them.
  std::optional<std::chrono::seconds> ttl = std::nullopt;
};

/// What a window may be.
struct PowerBounds {
  std::chrono::seconds min_ttl = std::chrono::seconds(1);
  /// A year, which is as long as `OperatorApi` lets any caller ask for.
  std::chrono::seconds max_ttl = std::chrono::hours(24 * 365);
  /// Whether a window may be held open without an end. Default: as madre allows it.
  bool hold = true;
  std::vector<std::string> services{};  ///< That may be opened. Empty, the default: all known.
};

/// How long windows may be open in all. Counted in civil days and months from what madre reports,
/// windows that were opened past this process included.
struct PowerBudget {
  std::optional<std::chrono::seconds> per_day = std::nullopt;    ///< None, the default: unlimited.
  std::optional<std::chrono::seconds> per_month = std::nullopt;  ///< The same.
  double warn_at = 0.8;  ///< The share whose use is a decision of its own; above 0, at most 1.
  TimeZone zone = {};    ///< Whose days and months count. Default: UTC.

  bool is_limited() const noexcept { return per_day || per_month; }
};

/// Windows that chats ask for.
struct PowerDemand {
  /// Empty, the default: chats open no windows.
  std::vector<std::string> services{};
  std::chrono::seconds ttl = std::chrono::minutes(10);
  /// How long chats open none after a window was closed by hand: an operator's word counts.
  Duration pause = std::chrono::minutes(10);
};

enum class PowerDecisionKind : std::uint8_t {
  opened,
  closed,        ///< Before its end.
  ended,         ///< As granted.
  ending,        ///< An alert: it ends soon.
  refused,       ///< Not asked of madre.
  failed,        ///< madre refused, or did not answer.
  budget_low,    ///< An alert: the share `warn_at` of a budget is used.
  budget_spent,  ///< All of it. The last value.
};
inline constexpr std::size_t kPowerDecisionKinds =
    static_cast<std::size_t>(PowerDecisionKind::budget_spent) + 1;
/// "opened", "budget_low" …
VX11_API std::string_view to_string(PowerDecisionKind kind) noexcept;

/// What caused a decision.
enum class PowerSource : std::uint8_t {
  schedule,
  demand,     ///< A chat.
  caller,     ///< A request to this process.
  elsewhere,  ///< As madre's state shows it.
  idle,       ///< No chat.
  clock,      ///< Time alone. The last value.
};
/// "schedule", "demand" …
VX11_API std::string_view to_string(PowerSource source) noexcept;

/// What was decided, and why. Without secrets.
struct PowerDecision {
  std::uint64_t id = 0;  ///< Grows by one with each decision of the process.
  WallTime at = {};
  PowerDecisionKind kind = {};
  PowerSource source = {};
  std::string schedule = {};   ///< The name, of a schedule's decisions.
  std::string window_id = {};  ///< Empty if none is concerned.
  std::vector<std::string> services{};
  std::optional<std::chrono::seconds> ttl = std::nullopt;  ///< Granted, or what is left.
  std::string reason = {};  ///< A word such as `day_budget_spent`, `by_hand` or `timeout`.
};

/// Why a window is not opened, in words for the caller.
struct PowerRefusal {
  std::string reason = {};   ///< `command_in_progress`, or a rule such as `ttl_too_long`.
  std::string service = {};  ///< The first one concerned.
  std::string message = {};
  std::string recommended_action = {};
  std::optional<WallTime> available_at = std::nullopt;      ///< When a budget is free again.
  std::optional<std::chrono::seconds> most = std::nullopt;  ///< The longest ttl granted now.

  /// Whether it may be repeated at once after the current command, which is no rule.
  bool is_busy() const noexcept { return reason == "command_in_progress"; }
};

/// A command that the governor has decided on, for the program to send to madre.
struct PowerOrder {
  enum class Action : std::uint8_t { open, close };

  Action action = Action::open;
  WindowRequest window = {};   ///< Of `open`.
  std::string window_id = {};  ///< Of `close`.
  PowerSource source = {};
  std::string schedule = {};
};

/// What outlives the process: what was used, and what was closed by hand.
struct PowerLedger {
  /// One that is open.
  struct Window {
    std::string id = {};
    WallTime since = {};
    std::optional<WallTime> end = std::nullopt;
    std::vector<std::string> services{};
    PowerSource source = PowerSource::elsewhere;
    std::string schedule = {};
  };

  /// Time with an open window, by civil day of the budget's zone.
  std::map<std::chrono::local_days, std::chrono::milliseconds> used{};
  std::vector<Window> windows{};                   ///< Open when last seen.
  std::optional<WallTime> seen_at = std::nullopt;  ///< When madre answered last.
  /// Schedules whose occurrence with this beginning is over, since its window was closed.
  std::map<std::string, WallTime, std::less<>> closed{};
  std::optional<WallTime> demand_paused_until = std::nullopt;
};

/// Whether the ledger outlives the process.
enum class LedgerState : std::uint8_t {
  none,    ///< Nothing keeps it.
  kept,    ///< As it was last read or written.
  failed,  ///< It could not be: a restart loses used budgets and what was closed by hand.
};
/// "none", "kept", "failed".
VX11_API std::string_view to_string(LedgerState state) noexcept;

/// The rules.
struct PowerGovernorOptions {
  std::vector<PowerSchedule> schedules{};  ///< The first one that applies counts.
  PowerBounds bounds = {};
  PowerBudget budget = {};
  PowerDemand demand = {};
  /// A window with `chat_service` that no chat has used for this long is closed. Zero, the default:
  /// never.
  Duration idle_after = Duration::zero();
  /// How long before the end of a window there is an alert. Zero, the default: none.
  Duration alert_before = Duration::zero();
  /// Whether chats pass by `chat_service` while it is known to be asleep.
  bool power_aware = false;
  std::string chat_service = "switch";
  /// The highest age of madre's state by which anything is decided; older is unknown. Several times
  /// the interval at which the program asks her.
  Duration max_age = std::chrono::seconds(30);
  /// Receives each decision, outside every lock, on the thread that caused it. Must not block or
  /// throw. Default: none.
  std::function<void(const PowerDecision&)> on_decision = {};
  SteadyClock clock = {};
  WallClock wall_clock = {};
};

/// Decides about power windows; sends nothing itself.
///
/// The program passes on what madre reports (`observe`), asks what is to be done (`due`), does it,
/// and says how it ended (`concluded`). Callers' windows are admitted by `admit`. One command is in
/// progress at a time: none is decided on, and no window admitted, beside another.
///
/// madre keeps one window: no schedule opens one beside it. A window that has left her state before
/// its end was closed by hand, unless by this governor: then schedules leave their current
/// occurrence alone, and chats open no window for a while. That also holds if madre forgets her
/// windows, as at her own restart.
///
/// **Thread-safe.** Never blocks. Several processes with the same rules come to the same decisions,
/// each from what madre reports; madre refuses the second of two windows.
class VX11_API PowerGovernor {
  struct Impl;

 public:
  /// Every mistake of the description, in one `invalid_argument`.
  static Result<std::shared_ptr<PowerGovernor>> create(PowerGovernorOptions options);
  /// A governor with other rules and the same state, for a configuration that was read again. Both
  /// may be used side by side.
  Result<std::shared_ptr<PowerGovernor>> successor(PowerGovernorOptions options) const;

  /// Whether any rule needs madre's state. If not, `due` has nothing to do.
  bool is_active() const noexcept;
  const PowerGovernorOptions& options() const noexcept;

  /// madre's answer.
  void observe(const PowerState& state);
  /// The next command, which counts as in progress until `concluded`; none if nothing is due or
  /// known. Alerts come with it: call it each second.
  std::optional<PowerOrder> due();
  /// The command was not sent, because another process with the same rules carries commands out. It
  /// is decided on anew, which nothing reports.
  void withdrawn(const PowerOrder& order);
  /// How the command has ended. madre's 409 is no failure: a window is open already.
  void concluded(const PowerOrder& order, const Result<MadreReply>& reply);

  /// A command of a caller, in progress until it is destroyed. Move-only.
  class VX11_API Command {
   public:
    Command() = default;
    Command(Command&& other) noexcept = default;
    Command& operator=(Command&& other) noexcept;
    ~Command();

    /// madre's answer to the window that was admitted.
    void opened(const WindowRequest& window, const Result<MadreReply>& reply);

   private:
    friend class PowerGovernor;
    explicit Command(std::shared_ptr<Impl> governor) noexcept : governor_(std::move(governor)) {}
    std::shared_ptr<Impl> governor_ = {};
  };
  /// Whether a caller may open this window now.
  Result<Command, PowerRefusal> admit(const WindowRequest& window);
  /// Any other command of a caller: none is refused, and meanwhile no window is opened.
  Command begin();

  /// Whether madre's state has changed by a command since the last call, and should be asked for.
  bool take_change() noexcept;

  /// Counts a chat that is about to be sent to `chat_service`.
  /// \return whether the service is known to be asleep, so that it should be passed by; never
  ///         without `power_aware`. A chat that finds it asleep asks for a window, if it may
  bool passes_by() noexcept;

  /// The last 50 decisions, oldest first.
  std::vector<PowerDecision> decisions() const;
  /// Rules, windows, what of the budgets is used and left, the next occurrences, and the last
  /// decisions, as a JSON object.
  std::string to_json() const;

  PowerLedger ledger() const;
  /// Changes with every decision that `ledger` has to keep; not with time alone.
  std::uint64_t ledger_version() const noexcept;
  /// Takes over the ledger of an earlier process. Call it before the first `observe`.
  void restore(PowerLedger ledger);
  /// Whether the program keeps it, for `to_json`. None, the default. Kept by successors.
  void set_ledger_state(LedgerState state) noexcept;

  /// `vx11_power_…`: decisions by kind, budgets, the open window. They may outlive this object.
  std::vector<MetricFamily> metric_families() const;

 private:
  explicit PowerGovernor(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
