#include "gateway/settings/power_settings.hpp"

#include <algorithm>
#include <iterator>

#include "gateway/settings/settings_tables.hpp"
#include "gateway/settings/table_field.hpp"

namespace gateway {

namespace {

using Config = GatewayConfig;

template <class... Path>
auto schedule_field(Path... path) {
  return table_field(&GatewayConfig::schedules, path...);
}

std::vector<TableMember> schedule_members() {
  using Schedule = ScheduleConfig;
  return {
      {.name = "days",
       .field = schedule_field(&Schedule::days),
       .doc =
           "The days on which a window begins: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`."},
      {.name = "from",
       .field = schedule_field(&Schedule::from),
       .doc = "When it begins, such as `08:00`, as clocks in the time zone show it. Required.",
       .shown_default = "none"},
      {.name = "to",
       .field = schedule_field(&Schedule::to),
       .doc = "When it ends, up to `24:00`; on the next day unless it is after `from`. Required.",
       .shown_default = "none"},
      {.name = "time_zone",
       .field = schedule_field(&Schedule::time_zone),
       .doc = "As `power.time_zone`.",
       .shown_default = "that of `[power]`"},
      {.name = "services",
       .field = schedule_field(&Schedule::services),
       .doc = "The services that the window opens."},
      {.name = "ttl",
       .field = table_ranged<Duration>(0s, 24h, &GatewayConfig::schedules, &Schedule::ttl),
       .doc = "The ttl of each window, of which the next one is opened when it has ended: so madre "
              "closes it soon if the gateway is lost. `0s`: to the end of the time."},
  };
}

std::vector<Setting> rule_settings() {
  using Bounds = PowerBoundsConfig;
  using Budget = PowerBudgetConfig;
  using Demand = PowerDemandConfig;
  constexpr Duration kYear = 24h * 365;
  return {
      {.key = "power.bounds.min_ttl",
       .field = ranged<Duration>(1s, kYear, &Config::power, &PowerConfig::bounds, &Bounds::min_ttl),
       .doc = "The shortest window that is opened; a shorter one is answered 403 `OFF_BY_POLICY`."},
      {.key = "power.bounds.max_ttl",
       .field = ranged<Duration>(1s, kYear, &Config::power, &PowerConfig::bounds, &Bounds::max_ttl),
       .doc = "The longest one."},
      {.key = "power.bounds.hold",
       .field = field(&Config::power, &PowerConfig::bounds, &Bounds::hold),
       .doc = "Whether a window may be held open without an end. Never with a budget."},
      {.key = "power.bounds.services",
       .field = field(&Config::power, &PowerConfig::bounds, &Bounds::services),
       .doc = "The services that callers may open. Empty: all."},
      {.key = "power.budget.per_day",
       .field = ranged<Duration>(0s, 24h, &Config::power, &PowerConfig::budget, &Budget::per_day),
       .doc = "How long windows may be open within a day of `power.time_zone`, those that were not "
              "opened through the gateway included. Then windows are refused until the next day. "
              "`0s`: unlimited."},
      {.key = "power.budget.per_month",
       .field =
           ranged<Duration>(0s, 24h * 31, &Config::power, &PowerConfig::budget, &Budget::per_month),
       .doc = "The same within a month."},
      {.key = "power.budget.warn_at",
       .field = ranged<double>(0.01, 1, &Config::power, &PowerConfig::budget, &Budget::warn_at),
       .doc = "The share of a budget whose use is logged."},
      {.key = "power.demand.services",
       .field = field(&Config::power, &PowerConfig::demand, &Demand::services),
       .doc = "The services of such a window."},
      {.key = "power.demand.ttl",
       .field = ranged<Duration>(1s, 24h, &Config::power, &PowerConfig::demand, &Demand::ttl),
       .doc = "Its ttl."},
      {.key = "power.demand.pause",
       .field = ranged<Duration>(0s, 24h * 7, &Config::power, &PowerConfig::demand, &Demand::pause),
       .doc = "How long chats open none after a window was closed by hand."},
  };
}

std::vector<Setting> base_settings() {
  return {
      {.key = "power.command_limit",
       .field = ranged<Duration>(1ms, 1h, &Config::power, &PowerConfig::command_limit),
       .doc = "How long the answer to a power command is awaited: opening and closing windows, "
              "starting, stopping and restarting services. Then the caller gets 504 `pending`, and "
              "madre may still carry it out."},
      {.key = "power.reuse_for",
       .field = ranged<Duration>(0s, 1h, &Config::power, &PowerConfig::reuse_for),
       .doc = "The highest age at which a power state that madre has answered is served again, so "
              "that pipelined calls do not flood madre. Never past a command of this gateway."},
      {.key = "power.key",
       .field = field(&Config::power, &PowerConfig::key),
       .doc = "madre's power key. With it the gateway requests the power token itself for a caller "
              "that sends a service command with `\"apply\":true` and the phrase of confirmation. "
              "Without it madre only plans such commands, unless the caller sends key and token.",
       .shown_default = "none"},
      {.key = "power.key_file",
       .field = field(&Config::power, &PowerConfig::key_file),
       .doc = "A file with that key in its first line, instead of the key itself."},
      {.key = "power.time_zone",
       .field = field(&Config::power, &PowerConfig::time_zone),
       .doc = "The time zone of budgets, and of schedules that name none: `UTC`, or a name of the "
              "system's database such as `Europe/Berlin`."},
      {.key = "power.poll_interval",
       .field = ranged<Duration>(100ms, 1min, &Config::power, &PowerConfig::poll_interval),
       .doc = "How often madre's power state is read while a schedule, a budget, "
              "`power.idle_after`, `power.alert_before` or `chat.power_aware` needs it."},
      {.key = "power.max_age",
       .field = ranged<Duration>(200ms, 1h, &Config::power, &PowerConfig::max_age),
       .doc = "The highest age of that state by which anything is decided. While it is older, no "
              "window is opened or closed by rule, and chats are routed as ever."},
      {.key = "power.ledger",
       .field = field(&Config::power, &PowerConfig::ledger),
       .doc = "A file that keeps used budgets, open windows and what was closed by hand, for the "
              "next start. Only if a rule needs madre's state. `none`: it is not kept.",
       .shown_default = "`power.json` beside the SQLite file of `sessions.store`, else none"},
      {.key = "power.idle_after",
       .field = ranged<Duration>(0s, 24h * 7, &Config::power, &PowerConfig::idle_after),
       .doc = "A window of switch that no chat of this gateway has used for this long is closed. "
              "`0s`: never."},
      {.key = "power.alert_before",
       .field = ranged<Duration>(0s, 24h, &Config::power, &PowerConfig::alert_before),
       .doc = "How long before the end of a window that is logged and shown. `0s`: it is not."},
      {.key = "power.open_on_demand",
       .field = field(&Config::power, &PowerConfig::open_on_demand),
       .doc = "Whether a chat that passes by a sleeping switch makes the gateway open a window, "
              "within bounds and budget; the chat itself is answered by the next target. Needs "
              "`chat.power_aware`."},
  };
}

}  // namespace

NamedTables schedule_tables() {
  NamedTables tables = tables_in("power.schedules", &GatewayConfig::schedules);
  tables.doc =
      "Power windows that the gateway opens at the same time of every week. [power.md](power.md) "
      "says what happens when clocks change, after a restart, and beside other windows.";
  tables.members = schedule_members();
  return tables;
}

std::vector<Setting> power_settings() {
  std::vector<Setting> all = base_settings();
  std::vector<Setting> rules = rule_settings();
  std::move(rules.begin(), rules.end(), std::back_inserter(all));
  return all;
}

}  // namespace gateway
