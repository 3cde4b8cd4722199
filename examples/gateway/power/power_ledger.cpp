#include "gateway/power/power_ledger.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/files/file_text.hpp"
#include "gateway/files/replaced_file.hpp"
#include "gateway/log/log.hpp"

namespace gateway {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using vx11::Errc;
using vx11::PowerLedger;
using vx11::Result;
using vx11::WallTime;

constexpr const char* kFormat = "vx11 power";
constexpr std::int64_t kVersion = 1;
constexpr auto kBetweenSaves = std::chrono::minutes(1);

std::int64_t number(WallTime time) {
  return time.time_since_epoch().count();
}

json number(const std::optional<WallTime>& time) {
  return time ? json(number(*time)) : json();
}

/// Throws for a fraction, and for more than `most`, which calculations with times can bear.
std::int64_t integer(const json& from, std::int64_t most) {
  if (!from.is_number_integer()) throw std::runtime_error("no integer");
  const auto number = from.get<std::int64_t>();
  if (number > most || number < -most) throw std::runtime_error("too far");
  return number;
}

WallTime time_of(const json& from) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53U;
  return WallTime(milliseconds(integer(from, kMost)));
}

std::optional<WallTime> optional_time(const json& from) {
  return from.is_null() ? std::nullopt : std::optional(time_of(from));
}

json to_json(const PowerLedger::Window& window) {
  return {{"id", window.id},
          {"since_ms", number(window.since)},
          {"end_ms", number(window.end)},
          {"services", window.services},
          {"source", static_cast<unsigned>(window.source)},
          {"schedule", window.schedule}};
}

PowerLedger::Window window_of(const json& from) {
  const auto source = from.at("source").get<unsigned>();
  if (source > static_cast<unsigned>(vx11::PowerSource::clock)) throw std::runtime_error("source");
  return {.id = from.at("id").get<std::string>(),
          .since = time_of(from.at("since_ms")),
          .end = optional_time(from.at("end_ms")),
          .services = from.at("services").get<std::vector<std::string>>(),
          .source = static_cast<vx11::PowerSource>(source),
          .schedule = from.at("schedule").get<std::string>()};
}

PowerLedger ledger_of(const json& all) {
  PowerLedger ledger;
  constexpr std::int64_t kDay = 24 * 3600 * 1000 * 2;
  for (const json& entry : all.at("used")) {
    constexpr std::int64_t kMostDays = 10'000'000;
    const std::chrono::days number(static_cast<int>(integer(entry.at(0), kMostDays)));
    const std::chrono::local_days day(number);
    const auto used = integer(entry.at(1), kDay);
    if (used < 0) throw std::runtime_error("used");
    ledger.used[day] = milliseconds(used);
  }
  for (const json& window : all.at("windows")) ledger.windows.push_back(window_of(window));
  for (const auto& [schedule, begin] : all.at("closed").items()) {
    ledger.closed[schedule] = time_of(begin);
  }
  ledger.seen_at = optional_time(all.at("seen_ms"));
  ledger.demand_paused_until = optional_time(all.at("demand_paused_ms"));
  return ledger;
}

}  // namespace

std::string print_ledger(const PowerLedger& ledger) {
  json used = json::array();
  for (const auto& [day, time] : ledger.used) {
    used.push_back({day.time_since_epoch().count(), time.count()});
  }
  json windows = json::array();
  for (const auto& window : ledger.windows) windows.push_back(to_json(window));
  json closed = json::object();
  for (const auto& [schedule, begin] : ledger.closed) closed[schedule] = number(begin);
  const json all = {{"format", kFormat},
                    {"version", kVersion},
                    {"seen_ms", number(ledger.seen_at)},
                    {"demand_paused_ms", number(ledger.demand_paused_until)},
                    {"used", std::move(used)},
                    {"windows", std::move(windows)},
                    {"closed", std::move(closed)}};
  return all.dump() + '\n';
}

Result<PowerLedger> read_ledger(std::string_view text) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object() || all.value("format", json()) != kFormat) {
    return vx11::fail(Errc::invalid_argument, "is no ledger of power windows");
  }
  if (all.value("version", json()) != kVersion) {
    return vx11::fail(Errc::invalid_argument, "was written by a later version");
  }
  try {
    return ledger_of(all);
  } catch (const std::exception&) {
    return vx11::fail(Errc::invalid_argument, "is damaged");
  }
}

LedgerFile::LedgerFile(std::string path)
    : path_(std::move(path)), due_(vx11::SteadyClock().now() + kBetweenSaves) {}

void LedgerFile::load(vx11::PowerGovernor& governor) {
  if (!path_.empty() && !is_usable_) report(governor, try_load(governor));
}

Result<void> LedgerFile::try_load(vx11::PowerGovernor& governor) {
  if (!lock_) {
    auto locked = lock_beside(path_, "power.ledger");
    if (!locked) return vx11::fail(std::move(locked.error()));
    lock_ = *std::move(locked);
  }
  std::error_code error;
  if (std::filesystem::exists(path_, error)) {
    const auto text = file_text(path_);
    if (!text) return vx11::fail(Errc::storage, unreadable(path_, text.error()));
    auto ledger = read_ledger(*text);
    if (!ledger) {
      return vx11::fail(Errc::storage,
                        fmt::format("\"{}\" {}; it is left as it is: move it away, or set "
                                    "power.ledger",
                                    path_, ledger.error().detail));
    }
    governor.restore(*std::move(ledger));
  }
  is_usable_ = true;
  return {};
}

void LedgerFile::tend(vx11::PowerGovernor& governor) {
  const vx11::TimePoint now = vx11::SteadyClock().now();
  if (governor.ledger_version() == saved_version_ && now < due_) return;
  save(governor);
}

void LedgerFile::save(vx11::PowerGovernor& governor) {
  due_ = vx11::SteadyClock().now() + kBetweenSaves;
  load(governor);
  saved_version_ = governor.ledger_version();
  if (is_usable_) report(governor, try_save(governor));
}

Result<void> LedgerFile::try_save(const vx11::PowerGovernor& governor) {
  const PowerLedger ledger = governor.ledger();
  if (!ledger.seen_at) return {};  // madre has not answered yet: there is nothing to say
  return replace_file(path_, print_ledger(ledger));
}

void LedgerFile::report(vx11::PowerGovernor& governor, const Result<void>& done) {
  governor.set_ledger_state(done ? vx11::LedgerState::kept : vx11::LedgerState::failed);
  is_kept_.store(done.has_value(), std::memory_order_relaxed);
  if (done) {
    warned_.clear();
  } else if (std::exchange(warned_, done.error().detail) != done.error().detail) {
    log_event(LogEvent::power_ledger_not_kept, {{"reason", done.error().detail}});
  }
}

std::vector<vx11::MetricFamily> ledger_metrics(const std::shared_ptr<const LedgerFile>& ledger) {
  if (ledger == nullptr || !ledger->has_file()) return {};
  return {{.name = "vx11_power_ledger_kept",
           .help = "1 if power.ledger was read and written as it is to be; else a restart loses "
                   "used budgets and what was closed by hand.",
           .kind = vx11::MetricKind::gauge,
           .series = {{.value = [ledger] { return ledger->is_kept() ? 1U : 0U; }}}}};
}

}  // namespace gateway
