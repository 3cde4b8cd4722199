// What a governor shows: JSON and metrics.
#include <vx11/session.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "json/writer.hpp"
#include "power/governor_impl.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using std::chrono::seconds;

void write(json::Writer& json, std::string_view name, const std::optional<seconds>& value) {
  json.key(name);
  value ? json.integer(value->count()) : json.raw("null");
}

void write(json::Writer& json, std::string_view name, const std::optional<WallTime>& value) {
  json.key(name);
  value ? json.string(to_rfc3339(*value)) : json.raw("null");
}

/// Zero is no time.
void write_time(json::Writer& json, std::string_view name, Duration value) {
  const bool is_set = value > Duration::zero();
  write(json, name, is_set ? std::optional(std::chrono::ceil<seconds>(value)) : std::nullopt);
}

void write(json::Writer& json, std::string_view name, const std::vector<std::string>& values) {
  json.key(name).open('[');
  for (const std::string& value : values) json.string(value);
  json.close(']');
}

std::string time_of_day(std::chrono::minutes time) {
  return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

void write_days(json::Writer& json, Weekdays days) {
  constexpr std::string_view kNames[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  json.key("days").open('[');
  for (unsigned day = 1; day <= 7; ++day) {
    if (days.contains(std::chrono::weekday(day))) json.string(kNames[day - 1]);
  }
  json.close(']');
}

/// The current occurrence, or else the next one.
void write_schedule(json::Writer& json, const PowerSchedule& schedule,
                    const PowerGovernorState& state, WallTime now) {
  const auto current = current_occurrence(schedule, now);
  const auto shown = current ? current : next_occurrence(schedule, now);
  const auto closed = state.closed.find(schedule.name);
  const bool is_closed =
      current && closed != state.closed.end() && closed->second == current->begin;
  json.open('{').key("name").string(schedule.name).key("time_zone").string(schedule.zone.name());
  write_days(json, schedule.days);
  json.key("from").string(time_of_day(schedule.from)).key("to").string(time_of_day(schedule.to));
  write(json, "services", schedule.services);
  write(json, "ttl_sec", schedule.ttl);
  json.key("active").boolean(current.has_value()).key("closed").boolean(is_closed);
  write(json, "begins_at", shown ? std::optional(shown->begin) : std::nullopt);
  write(json, "ends_at", shown ? std::optional(shown->end) : std::nullopt);
  json.close('}');
}

/// The next beginning of all schedules.
void write_next(json::Writer& json, const std::vector<PowerSchedule>& schedules, WallTime now) {
  const PowerSchedule* first = nullptr;
  Occurrence at;
  for (const PowerSchedule& schedule : schedules) {
    const auto next = next_occurrence(schedule, now);
    if (!next || (first != nullptr && at.begin <= next->begin)) continue;
    first = &schedule;
    at = *next;
  }
  json.key("next");
  if (first == nullptr) {
    json.raw("null");
    return;
  }
  json.open('{').key("schedule").string(first->name);
  write(json, "begins_at", std::optional(at.begin));
  write(json, "ends_at", std::optional(at.end));
  json.close('}');
}

void write_period(json::Writer& json, std::string_view name, const std::optional<seconds>& limit,
                  milliseconds used, WallTime resets_at) {
  const auto whole = std::chrono::floor<seconds>(used);
  json.key(name).open('{');
  write(json, "limit_sec", limit);
  json.key("used_sec").integer(whole.count());
  write(json, "left_sec",
        limit ? std::optional(std::max(*limit - whole, seconds(0))) : std::nullopt);
  write(json, "resets_at", std::optional(resets_at));
  json.close('}');
}

void write_budget(json::Writer& json, const PowerBudget& budget, const UsedDays& used,
                  WallTime now) {
  const std::chrono::local_days today = budget.zone.day_of(now);
  json.key("budget").open('{').key("time_zone").string(budget.zone.name());
  write_period(json, "day", budget.per_day, used_on(used, today),
               budget.zone.start_of(today + std::chrono::days(1)));
  write_period(json, "month", budget.per_month, used_in_month(used, today),
               budget.zone.start_of(next_month(today)));
  json.key("warn_at").raw(fmt::format("{}", budget.warn_at)).close('}');
}

template <class IsShown>
void write_windows(json::Writer& json, const std::vector<KnownWindow>& windows, IsShown is_shown) {
  json.key("windows").open('[');
  for (const KnownWindow& known : windows) {
    if (!is_shown(known)) continue;
    const PowerLedger::Window& window = known.is;
    json.open('{')
        .key("window_id")
        .string(window.id)
        .key("source")
        .string(to_string(window.source));
    json.key("schedule").string(window.schedule);
    write(json, "since", std::optional(window.since));
    write(json, "ends_at", window.end);
    write(json, "services", window.services);
    json.key("ending").boolean(known.is_alerted).close('}');
  }
  json.close(']');
}

void write_decision(json::Writer& json, const PowerDecision& decision) {
  json.open('{').key("id").integer(static_cast<std::int64_t>(decision.id));
  write(json, "at", std::optional(decision.at));
  json.key("kind").string(to_string(decision.kind));
  json.key("source").string(to_string(decision.source));
  json.key("schedule").string(decision.schedule).key("window_id").string(decision.window_id);
  write(json, "services", decision.services);
  write(json, "ttl_sec", decision.ttl);
  json.key("reason").string(decision.reason).close('}');
}

void write_rules(json::Writer& json, const PowerGovernorOptions& options) {
  const PowerBounds& bounds = options.bounds;
  json.key("power_aware").boolean(options.power_aware).key("bounds").open('{');
  write(json, "min_ttl_sec", std::optional(bounds.min_ttl));
  write(json, "max_ttl_sec", std::optional(bounds.max_ttl));
  json.key("hold").boolean(bounds.hold && !options.budget.is_limited());
  write(json, "services", bounds.services.empty() ? known_services() : bounds.services);
  json.close('}');
  write_time(json, "idle_after_sec", options.idle_after);
  write_time(json, "alert_before_sec", options.alert_before);
}

void write_demand(json::Writer& json, const PowerDemand& demand,
                  const std::optional<WallTime>& paused_until, WallTime now) {
  const bool is_paused = paused_until && now < *paused_until;
  json.key("on_demand").open('{').key("enabled").boolean(!demand.services.empty());
  write(json, "services", demand.services);
  write(json, "ttl_sec", std::optional(demand.ttl));
  write(json, "paused_until", is_paused ? paused_until : std::nullopt);
  json.close('}');
}

/// A gauge of two periods.
template <class Value>
MetricFamily by_period(std::string name, std::string help, const PowerBudget& budget, Value value) {
  MetricFamily family{.name = std::move(name),
                      .help = std::move(help),
                      .kind = MetricKind::gauge,
                      .unit = "seconds"};
  for (const bool is_month : {false, true}) {
    if (!(is_month ? budget.per_month : budget.per_day)) continue;
    family.series.push_back({.labels = {{"period", is_month ? "month" : "day"}},
                             .real = [=] { return value(is_month); }});
  }
  return family;
}

double seconds_of(milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

std::string PowerGovernor::to_json() const {
  const PowerGovernorOptions& options = impl_->options;
  const WallTime now = options.wall_clock.now();
  const std::lock_guard lock(impl_->state->mutex);
  const PowerGovernorState& state = *impl_->state;
  json::Writer json(4096);
  json.open('{').key("active").boolean(is_active());
  write(json, "seen_at", is_active() && state.seen_steady ? state.seen_at : std::nullopt);
  json.key("command_in_progress").boolean(state.commands != 0);
  json.key("ledger").string(to_string(state.ledger.load(std::memory_order_relaxed)));
  write_rules(json, options);
  write_budget(json, options.budget, state.used, now);
  write_demand(json, options.demand, state.demand_paused_until, now);
  json.key("schedules").open('[');
  for (const PowerSchedule& each : options.schedules) write_schedule(json, each, state, now);
  json.close(']');
  write_next(json, options.schedules, now);
  const TimePoint steady = options.clock.now();
  write_windows(json, state.windows,
                [&](const KnownWindow& window) { return impl_->is_shown(window, steady); });
  json.key("decisions").open('[');
  for (const PowerDecision& each : state.decisions) write_decision(json, each);
  json.close(']').close('}');
  return std::move(json).take();
}

std::vector<MetricFamily> PowerGovernor::metric_families() const {
  MetricFamily decisions{.name = "vx11_power_decisions_total",
                         .help = "What power policies have decided, by kind."};
  for (std::size_t kind = 0; kind < kPowerDecisionKinds; ++kind) {
    const std::string_view word = to_string(static_cast<PowerDecisionKind>(kind));
    decisions.series.push_back(
        {.labels = {{"kind", std::string(word)}}, .value = [state = impl_->state, kind] {
           return state->counts[kind].load(std::memory_order_relaxed);
         }});
  }
  if (!is_active()) return {std::move(decisions)};
  const auto windows = [impl = impl_](bool ending) {
    const TimePoint steady = impl->options.clock.now();
    const std::lock_guard lock(impl->state->mutex);
    const auto counts = [&](const KnownWindow& each) {
      return (!ending || each.is_alerted) && impl->is_shown(each, steady);
    };
    return static_cast<std::uint64_t>(
        std::count_if(impl->state->windows.begin(), impl->state->windows.end(), counts));
  };
  const PowerBudget& budget = impl_->options.budget;
  const auto limit = [budget](bool of_month) {
    return seconds_of(of_month ? *budget.per_month : *budget.per_day);
  };
  const auto used = [impl = impl_](bool of_month) {
    const auto today = impl->options.budget.zone.day_of(impl->options.wall_clock.now());
    const std::lock_guard lock(impl->state->mutex);
    const UsedDays& days = impl->state->used;
    return seconds_of(of_month ? used_in_month(days, today) : used_on(days, today));
  };
  return {std::move(decisions),
          {.name = "vx11_power_windows",
           .help = "Power windows that are open, as madre last reported.",
           .kind = MetricKind::gauge,
           .series = {{.value = [=] { return windows(false); }}}},
          {.name = "vx11_power_windows_ending",
           .help = "Those of them that end within power.alert_before.",
           .kind = MetricKind::gauge,
           .series = {{.value = [=] { return windows(true); }}}},
          by_period("vx11_power_budget_limit_seconds",
                    "How long windows may be open in the current period.", budget, limit),
          by_period("vx11_power_budget_used_seconds",
                    "How long windows have been open in the current period.", budget, used)};
}

}  // namespace v0
}  // namespace vx11
