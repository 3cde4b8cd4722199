#include "gateway/power/power_keeper.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "gateway/log/log.hpp"
#include "gateway/power/power_rules.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

using vx11::Deadline;
using vx11::PowerDecision;
using Kind = vx11::PowerDecisionKind;

LogEvent event_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::opened:
      return LogEvent::power_window_opened;
    case Kind::closed:
    case Kind::ended:
      return LogEvent::power_window_closed;
    case Kind::ending:
      return LogEvent::power_window_ending;
    case Kind::refused:
      return LogEvent::power_window_refused;
    case Kind::failed:
      return LogEvent::power_command_failed;
    case Kind::budget_low:
    case Kind::budget_spent:
      return LogEvent::power_budget_low;
  }
  return LogEvent::power_command_failed;
}

std::string cause_of(const PowerDecision& decision) {
  if (decision.schedule.empty()) return std::string(to_string(decision.source));
  return fmt::format("{} {}", to_string(decision.source), decision.schedule);
}

/// What madre reported is in her own words; the rest is the gateway's.
void log_decision(const PowerDecision& decision) {
  const std::string services = fmt::format("{}", fmt::join(decision.services, ","));
  const std::string left = decision.ttl ? unquoted(print(Duration(*decision.ttl))) : std::string();
  log_event(event_of(decision.kind), {{"cause", cause_of(decision)},
                                      {"window", decision.window_id},
                                      {"services", services},
                                      {"left", left},
                                      {"reason", decision.reason}});
}

/// What became of a command that failed, by the reason of the decision.
std::string_view failed_outcome(std::string_view reason) noexcept {
  if (reason == "pending" || reason == "planned") return reason;
  if (reason == "madre_failed" || reason == "circuit_open" || reason == "exhausted")
    return "failed";
  return reason.starts_with("madre_refused") ? "refused" : "unknown";
}

/// What the gateway does of its own accord stands in the audit log beside what callers do.
void audit(const RequestLogs* logs, const PowerDecision& decision) {
  const bool is_own = decision.source == vx11::PowerSource::schedule ||
                      decision.source == vx11::PowerSource::demand ||
                      decision.source == vx11::PowerSource::idle;
  const bool is_done = decision.kind == Kind::opened || decision.kind == Kind::closed;
  if (logs == nullptr || !is_own || (!is_done && decision.kind != Kind::failed)) return;
  const bool closes = decision.source == vx11::PowerSource::idle;
  logs->note_action(closes ? "power.window.close" : "power.window.open", cause_of(decision),
                    is_done ? "done" : failed_outcome(decision.reason), decision.window_id);
}

}  // namespace

PowerKeeper::PowerKeeper(std::shared_ptr<vx11::PowerGovernor> governor,
                         std::shared_ptr<const vx11::PowerStateClient> madre,
                         std::shared_ptr<SwitchUse> switch_use, PowerLease lease,
                         const PowerConfig& config)
    : governor_(std::move(governor)),
      madre_(std::move(madre)),
      switch_use_(std::move(switch_use)),
      lease_(std::move(lease)),
      interval_(config.poll_interval),
      command_limit_(config.command_limit) {}

void PowerKeeper::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void PowerKeeper::run(const std::stop_token& stop) {
  const Duration between = std::min<Duration>(interval_, std::chrono::seconds(1));
  while (!stop.stop_requested()) {
    try {
      step(stop);
    } catch (const std::exception&) {  // without memory it is tried again
    }
    std::unique_lock lock(mutex_);
    never_.wait_for(lock, stop, between, [] { return false; });
  }
}

void PowerKeeper::step(const std::stop_token& stop) {
  const bool is_changed = governor_->take_change();
  if (is_changed || vx11::SteadyClock().now() >= next_look_) look(stop);
  note_use();
  if (has_ended_.exchange(false)) lease_.carried_out();
  auto order = lease_.next(*governor_, command_limit_, [&] { return look(stop); });
  if (order) begin(*std::move(order), stop);
}

/// On a thread of its own: without madre's state, chats would try a switch that sleeps. The one
/// before has concluded, since there is an order.
void PowerKeeper::begin(vx11::PowerOrder order, const std::stop_token& stop) {
  try {
    command_ = std::jthread([this, order, stop] {
      carry_out(order, stop);
      has_ended_ = true;
    });
  } catch (const std::exception&) {  // without a thread or memory for it
    carry_out(order, stop);
    has_ended_ = true;
  }
}

bool PowerKeeper::look(const std::stop_token& stop) {
  const vx11::TimePoint now = vx11::SteadyClock().now();
  next_look_ = now + interval_;
  const auto state = madre_->state(Deadline::after(now, vx11::PowerOptions().timeout, stop));
  if (state) governor_->observe(*state);
  return state.has_value();
}

/// A chat or task in progress uses the window until it has ended. While none is open, it is no wish
/// for one.
void PowerKeeper::note_use() {
  const bool is_used = switch_use_->take();
  if (is_used && !governor_->ledger().windows.empty()) governor_->passes_by();
}

void PowerKeeper::carry_out(const vx11::PowerOrder& order, const std::stop_token& stop) {
  const Deadline deadline = Deadline::after(vx11::SteadyClock().now(), command_limit_, stop);
  const bool is_open = order.action == vx11::PowerOrder::Action::open;
  vx11::Result<vx11::MadreReply> reply = vx11::fail(vx11::Errc::exhausted, "no memory");
  try {
    reply = is_open ? madre_->open_window(order.window, deadline)
                    : madre_->close_window(order.window_id, deadline);
  } catch (const std::exception&) {  // without memory
  }
  governor_->concluded(order, reply);
}

vx11::Result<void> Power::renew(const GatewayConfig& config,
                                std::shared_ptr<const RequestLogs> logs) {
  vx11::PowerGovernorOptions rules = power_rules(config);
  rules.on_decision = [logs = std::move(logs)](const PowerDecision& decision) {
    log_decision(decision);
    audit(logs.get(), decision);
  };
  auto made = governor == nullptr ? vx11::PowerGovernor::create(std::move(rules))
                                  : governor->successor(std::move(rules));
  if (!made) return vx11::fail(std::move(made.error()));
  governor = *std::move(made);
  if (!governor->is_active()) return {};
  if (ledger == nullptr) ledger = std::make_shared<LedgerFile>(ledger_file_of(config));
  return {};
}

vx11::Result<void> Power::use(const GatewayConfig& config,
                              std::shared_ptr<const vx11::PowerStateClient> client,
                              std::shared_ptr<vx11::RedisClient> redis) {
  madre = std::move(client);
  keeper = nullptr;
  if (redis == nullptr || !governor->is_active()) lease = nullptr;
  if (!governor->is_active()) return {};
  if (redis != nullptr && lease == nullptr) {
    auto made = vx11::make_redis_lease(std::move(redis), config.redis.prefix + "power:lease");
    if (!made) return vx11::fail(std::move(made.error()));
    lease = *std::move(made);
  }
  keeper =
      std::make_shared<PowerKeeper>(governor, madre, switch_use, PowerLease(lease), config.power);
  return {};
}

void Power::come_into_force() const {
  if (ledger != nullptr) ledger->load(*governor);
  if (keeper != nullptr) keeper->start();
}

void Power::tend() const {
  if (ledger != nullptr) ledger->tend(*governor);
}

void Power::stop() const {
  if (keeper != nullptr) keeper->stop();
}

void Power::save() const {
  if (ledger != nullptr) ledger->save(*governor);
}

}  // namespace gateway
