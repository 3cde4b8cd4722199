#include "gateway/power/power_rules.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "gateway/checks/config_secrets.hpp"
#include "gateway/values/shown_text.hpp"
#include "gateway/values/spelling.hpp"
#include "gateway/values/time_zones.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/// `HH:MM`, up to 24:00.
std::optional<minutes> time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = read_number(text.substr(0, 2));
  const auto minute = read_number(text.substr(3, 2));
  if (!hour || !minute || *minute > 59) return std::nullopt;
  const auto time = hours(static_cast<int>(*hour)) + minutes(static_cast<int>(*minute));
  return time <= hours(24) ? std::optional(time) : std::nullopt;
}

std::string quoted(const std::string& text) {
  return shown_value(text).value_or("\"***\"");
}

void check_services(LoadedConfig& loaded, const std::string& key,
                    const std::vector<std::string>& services) {
  const auto& known = vx11::known_services();
  const std::vector<std::string_view> words(known.begin(), known.end());
  for (const std::string& service : services) {
    if (vx11::is_known_service(service)) continue;
    complain(loaded, key,
             fmt::format("{} is no service{}", quoted(service), did_you_mean(service, words)));
  }
}

/// A schedule or a demand opens only what the bounds allow.
void check_bound(LoadedConfig& loaded, const std::string& key,
                 const std::vector<std::string>& services) {
  const auto& allowed = loaded.config.power.bounds.services;
  for (const std::string& service : services) {
    const bool is_allowed = std::find(allowed.begin(), allowed.end(), service) != allowed.end();
    if (allowed.empty() || is_allowed || !vx11::is_known_service(service)) continue;
    complain(
        loaded, key,
        fmt::format("{} is not among power.bounds.services; add it there, or leave it out here",
                    quoted(service)));
  }
}

void require_services(LoadedConfig& loaded, const std::string& key,
                      const std::vector<std::string>& services) {
  if (services.empty() && !is_mistaken(loaded, key)) {
    complain(loaded, key, "is empty; name services, such as [\"switch\"]");
  }
  check_services(loaded, key, services);
}

void check_time(LoadedConfig& loaded, const std::string& table, std::string_view name,
                const std::string& value, minutes most) {
  const std::string key = fmt::format("{}.{}", table, name);
  if (is_mistaken(loaded, key)) return;
  if (value.empty())
    return complain(loaded, table, fmt::format("has no {}; write {} = \"08:00\"", name, name));
  const auto time = time_of_day(value);
  if (time && *time <= most) return;
  complain(loaded, key,
           fmt::format("{} is no time of day; write one such as \"08:00\", up to \"{}\"",
                       quoted(value), most == hours(24) ? "24:00" : "23:59"));
}

void check_days(LoadedConfig& loaded, const std::string& key,
                const std::vector<std::string>& days) {
  if (days.empty() && !is_mistaken(loaded, key)) {
    complain(loaded, key, "is empty; name days, such as [\"mon\", \"tue\"], or delete it for all");
  }
  for (const std::string& day : days) {
    if (std::find(kDays.begin(), kDays.end(), day) != kDays.end()) continue;
    complain(loaded, key,
             fmt::format("{} is no day; take some of mon, tue, wed, thu, fri, sat and sun",
                         quoted(day)));
  }
}

void check_zone(LoadedConfig& loaded, const std::string& key, const std::string& name) {
  if (is_mistaken(loaded, key)) return;
  const auto zone = find_time_zone(name);
  if (zone) return;
  complain(loaded, key, fmt::format("{}: {}", quoted(name), zone.error().detail));
}

void check_ttl(LoadedConfig& loaded, const std::string& key, Duration ttl) {
  const PowerBoundsConfig& bounds = loaded.config.power.bounds;
  if (ttl >= bounds.min_ttl && ttl <= bounds.max_ttl) return;
  complain(loaded, key,
           fmt::format("is not within power.bounds; take {} to {}", print(bounds.min_ttl),
                       print(bounds.max_ttl)));
}

void check_budget(LoadedConfig& loaded, const std::string& key, Duration budget) {
  const Duration least = loaded.config.power.bounds.min_ttl;
  if (budget == Duration::zero() || budget >= least) return;
  complain(loaded, key,
           fmt::format("is below power.bounds.min_ttl, so that no window is ever opened; take at "
                       "least {}",
                       print(least)));
}

/// On a day without a change of the clocks.
void check_length(LoadedConfig& loaded, const std::string& table, const ScheduleConfig& schedule) {
  const auto from = time_of_day(schedule.from);
  const auto to = time_of_day(schedule.to);
  if (!from || !to) return;
  const auto length = *to - *from + (*to > *from ? hours(0) : hours(24));
  const Duration least = loaded.config.power.bounds.min_ttl;
  if (length >= least) return;
  complain(loaded, table,
           fmt::format("from \"{}\" to \"{}\" is shorter than power.bounds.min_ttl, so that it "
                       "never opens a window; make it at least {} long",
                       schedule.from, schedule.to, unquoted(print(least))));
}

void check_schedule(LoadedConfig& loaded, const std::string& name, const ScheduleConfig& schedule) {
  const std::string table = "power.schedules." + name;
  check_days(loaded, table + ".days", schedule.days);
  check_time(loaded, table, "from", schedule.from, hours(24) - minutes(1));
  check_time(loaded, table, "to", schedule.to, hours(24));
  check_length(loaded, table, schedule);
  if (!schedule.time_zone.empty()) check_zone(loaded, table + ".time_zone", schedule.time_zone);
  require_services(loaded, table + ".services", schedule.services);
  check_bound(loaded, table + ".services", schedule.services);
  if (schedule.ttl != Duration::zero()) check_ttl(loaded, table + ".ttl", schedule.ttl);
}

void check_demand(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  require_services(loaded, "power.demand.services", config.power.demand.services);
  if (!config.power.open_on_demand) return;
  check_bound(loaded, "power.demand.services", config.power.demand.services);
  check_ttl(loaded, "power.demand.ttl", config.power.demand.ttl);
  if (!config.chat.power_aware) {
    complain(loaded, "power.open_on_demand",
             "needs chat.power_aware: chats ask for a window where they pass by a switch that "
             "sleeps");
  }
  const auto& services = config.power.demand.services;
  if (std::find(services.begin(), services.end(), "switch") != services.end()) return;
  complain(loaded, "power.demand.services", "lacks \"switch\", which the chats wait for");
}

void warn_of_no_effect(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  if (has_rules(config) && config.madre_is_embedded()) {
    loaded.warnings.emplace_back(
        "power: its rules have no effect without madre.url: the gateway itself has no windows");
  }
  if (config.chat.power_aware && !config.has_switch()) {
    loaded.warnings.emplace_back("chat.power_aware: has no effect without switch.url");
  }
  const PowerConfig& power = config.power;
  const bool has_budget =
      power.budget.per_day > Duration::zero() || power.budget.per_month > Duration::zero();
  if (has_budget && power.ledger.value.empty() && ledger_file_of(config).empty()) {
    loaded.warnings.emplace_back(
        "power.budget: what is used of it is forgotten at a restart; set power.ledger to a file, "
        "or to \"none\" if it may be");
  }
  if (has_rules(config) && power.max_age < 2 * power.poll_interval) {
    loaded.warnings.push_back(
        fmt::format("{}: is less than twice power.poll_interval: one answer of madre's that is "
                    "late, and nothing is known",
                    place_of(loaded, "power.max_age")));
  }
}

vx11::TimeZone zone_of(const std::string& name) {
  return find_time_zone(name).value_or(vx11::TimeZone());
}

std::optional<seconds> optional_seconds(Duration time) {
  if (time == Duration::zero()) return std::nullopt;
  return std::chrono::ceil<seconds>(time);
}

vx11::PowerSchedule schedule_of(const std::string& name, const ScheduleConfig& config,
                                const std::string& zone) {
  vx11::PowerSchedule schedule{.name = name,
                               .days = {0},
                               .from = time_of_day(config.from).value_or(minutes(0)),
                               .to = time_of_day(config.to).value_or(minutes(0)),
                               .zone = zone_of(config.time_zone.empty() ? zone : config.time_zone),
                               .services = config.services,
                               .ttl = optional_seconds(config.ttl)};
  for (std::size_t day = 0; day < kDays.size(); ++day) {
    const bool has =
        std::find(config.days.begin(), config.days.end(), kDays[day]) != config.days.end();
    if (has) schedule.days.bits |= static_cast<std::uint8_t>(1U << day);
  }
  return schedule;
}

}  // namespace

bool has_rules(const GatewayConfig& config) noexcept {
  const PowerConfig& power = config.power;
  return !config.schedules.empty() || power.idle_after > Duration::zero() ||
         power.budget.per_day > Duration::zero() || power.budget.per_month > Duration::zero() ||
         watches_chats(config) || power.alert_before > Duration::zero();
}

void settle_power(LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  check_zone(loaded, "power.time_zone", config.power.time_zone);
  check_services(loaded, "power.bounds.services", config.power.bounds.services);
  if (config.power.bounds.min_ttl > config.power.bounds.max_ttl) {
    complain(loaded, "power.bounds.min_ttl", "is above power.bounds.max_ttl");
  }
  check_budget(loaded, "power.budget.per_day", config.power.budget.per_day);
  check_budget(loaded, "power.budget.per_month", config.power.budget.per_month);
  for (const auto& [name, schedule] : config.schedules) check_schedule(loaded, name, schedule);
  check_demand(loaded);
  warn_of_no_effect(loaded);
}

vx11::PowerGovernorOptions power_rules(const GatewayConfig& config) {
  const PowerConfig& power = config.power;
  vx11::PowerGovernorOptions rules{
      .bounds = {.min_ttl = std::chrono::ceil<seconds>(power.bounds.min_ttl),
                 .max_ttl = std::chrono::ceil<seconds>(power.bounds.max_ttl),
                 .hold = power.bounds.hold,
                 .services = power.bounds.services},
      .budget = {.per_day = optional_seconds(power.budget.per_day),
                 .per_month = optional_seconds(power.budget.per_month),
                 .warn_at = power.budget.warn_at,
                 .zone = zone_of(power.time_zone)},
      .idle_after = power.idle_after,
      .alert_before = power.alert_before,
      .power_aware = config.chat.power_aware,
      .max_age = power.max_age};
  if (power.open_on_demand) rules.demand.services = power.demand.services;
  rules.demand.ttl = std::chrono::ceil<seconds>(power.demand.ttl);
  rules.demand.pause = power.demand.pause;
  for (const auto& [name, schedule] : config.schedules) {
    rules.schedules.push_back(schedule_of(name, schedule, power.time_zone));
  }
  return rules;
}

bool watches_chats(const GatewayConfig& config) noexcept {
  return config.chat.power_aware || config.power.idle_after > Duration::zero();
}

std::string ledger_file_of(const GatewayConfig& config) {
  const std::string& file = config.power.ledger.value;
  if (file == "none") return {};
  if (!file.empty()) return file;
  const auto& sessions = config.sessions.store.sqlite_path;
  if (!sessions) return {};
  return (std::filesystem::path(*sessions).parent_path() / "power.json").string();
}

}  // namespace gateway
