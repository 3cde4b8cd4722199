#include "power.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "json_text.hpp"

namespace upstream {

using nlohmann::json;

namespace {

constexpr std::array<std::string_view, 12> kServices{
    "madre", "tentaculo_link", "redis",   "switch",       "hermes",           "hormiguero",
    "mcp",   "shubniggurath",  "spawner", "manifestator", "operator-backend", "operator-frontend"};
constexpr std::size_t kCoreSize = 3;
constexpr double kMaxTtlSeconds = 24 * 60 * 60;
constexpr double kDefaultTtlSeconds = 300;

bool is_known(std::string_view name) {
  return std::find(kServices.begin(), kServices.end(), name) != kServices.end();
}

bool is_core(std::string_view name) {
  const auto* core_end = kServices.begin() + kCoreSize;
  return std::find(kServices.begin(), core_end, name) != core_end;
}

std::string iso_time(std::chrono::system_clock::time_point when, bool zoned) {
  const auto us =
      std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
  const auto seconds = fmt::gmtime(static_cast<std::time_t>(us / 1'000'000));
  if (zoned) return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}+00:00Z", seconds, us % 1'000'000);
  const auto ms = us / 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

/// Whole seconds as an integer, fractions as a floating-point number.
json seconds(std::chrono::milliseconds time) {
  if (time.count() % 1000 == 0) return time.count() / 1000;
  return static_cast<double>(time.count()) / 1000.0;
}

json problem(std::string_view member, std::string_view message) {
  return json::parse(unprocessable(member, message, "value_error"));
}

/// A parsed window order, or the complaint that names its invalid member.
struct WindowOrder {
  std::vector<std::string> services = {};
  std::optional<std::chrono::milliseconds> ttl = {};
  std::optional<json> complaint = {};
};

std::optional<json> read_services(const json& order, std::vector<std::string>& services) {
  const auto list = order.value("services", json());
  if (!list.is_array() || list.empty())
    return problem("services", "a list with at least one service is needed");
  for (const auto& entry : list) {
    if (!entry.is_string() || !is_known(entry.get_ref<const std::string&>()))
      return problem("services", "unknown service " + entry.dump());
    const auto& name = entry.get_ref<const std::string&>();
    if (std::find(services.begin(), services.end(), name) == services.end())
      services.push_back(name);
  }
  return std::nullopt;
}

std::optional<json> read_ttl(const json& order, std::optional<std::chrono::milliseconds>& ttl) {
  const auto mode = order.value("mode", json("ttl"));
  if (mode == "hold") return std::nullopt;
  if (mode != "ttl") return problem("mode", "'ttl' or 'hold'");
  const auto wanted = order.value("ttl_sec", json(kDefaultTtlSeconds));
  if (!wanted.is_number()) return problem("ttl_sec", "a number of seconds");
  const auto value = wanted.get<double>();
  if (!(value >= 0.001 && value <= kMaxTtlSeconds))
    return problem("ttl_sec", "more than 0 and at most 86400 seconds");
  ttl = std::chrono::milliseconds(std::llround(value * 1000));
  return std::nullopt;
}

WindowOrder read_window_order(const json& order) {
  WindowOrder read;
  if (!order.is_object()) {
    read.complaint = problem("", "Input should be an object");
    return read;
  }
  read.complaint = read_services(order, read.services);
  if (!read.complaint) read.complaint = read_ttl(order, read.ttl);
  return read;
}

/// Whether a service command is to be carried out.
bool is_confirmed(const Request& request) {
  constexpr std::string_view kPhrase = "I_UNDERSTAND_THIS_STOPS_SERVICES";
  const auto order = json::parse(request.body, nullptr, false);
  return order.is_object() && order.value("apply", json()) == true &&
         order.value("confirm", json()) == kPhrase;
}

}  // namespace

std::optional<json> Power::state(Dialect dialect, bool zoned) {
  const std::lock_guard lock(mutex_);
  expire();
  if (unreadable_) return std::nullopt;
  if (dialect == Dialect::windowed) {
    json out = window_times(zoned);
    out["policy"] = window_ ? "windowed" : "solo_madre";
    out["window_id"] = window_ ? json(window_->id) : json();
    out["active_services"] = started_by_madre();
    return out;
  }
  json windows = json::array();
  if (window_) {
    windows.push_back({{"window_id", window_->id},
                       {"created_at", iso_time(window_->created, zoned)},
                       {"ttl_seconds", window_->ttl ? seconds(*window_->ttl) : json()},
                       {"services", window_->services}});
  }
  std::vector<std::string_view> available;
  for (const auto name : kServices) {
    if (!runs(name)) available.push_back(name);
  }
  return json{{"policy", policy()},
              {"active_windows", std::move(windows)},
              {"running_services", running()},
              {"available_services", available}};
}

json Power::status() {
  const std::lock_guard lock(mutex_);
  expire();
  json services = json::object();
  for (const auto name : kServices)
    services[std::string(name)] = runs(name) ? "running" : "stopped";
  return {{"status", "ok"},
          {"module", "madre"},
          {"window_open", window_.has_value()},
          {"services", std::move(services)}};
}

json Power::solo_madre_status() {
  const std::lock_guard lock(mutex_);
  expire();
  auto extra = running();
  std::erase_if(extra, [](const std::string& name) { return is_core(name); });
  return {{"policy", "solo_madre"},
          {"active", extra.empty()},
          {"running_services", running()},
          {"extra_services", std::move(extra)}};
}

json Power::apply_solo_madre() {
  const std::lock_guard lock(mutex_);
  expire();
  auto stopped = running();
  std::erase_if(stopped, [](const std::string& name) { return is_core(name); });
  json closed = json::array();
  if (window_) closed.push_back(window_->id);
  window_.reset();
  unreadable_ = false;
  started_.clear();
  return {{"status", "applied"},
          {"policy", "solo_madre"},
          {"closed_windows", std::move(closed)},
          {"stopped_services", std::move(stopped)}};
}

Power::Outcome Power::open_window(const json& order, bool zoned) {
  auto wanted = read_window_order(order);
  if (wanted.complaint) return {422, std::move(*wanted.complaint)};
  const std::lock_guard lock(mutex_);
  expire();
  if (window_)
    return {409, {{"detail", "a power window is open already"}, {"window_id", window_->id}}};
  window_ = Window{.id = fmt::format("win-{:06x}", ++windows_opened_),
                   .services = std::move(wanted.services),
                   .created = Wall::now(),
                   .ttl = wanted.ttl,
                   .expires = Steady::now() + wanted.ttl.value_or(std::chrono::milliseconds{0})};
  json out = window_times(zoned);
  out["window_id"] = window_->id;
  out["active_services"] = started_by_madre();
  out["state"] = "open";
  return {200, std::move(out)};
}

Power::Outcome Power::close_window(const json& order) {
  if (!order.is_object()) return {422, problem("", "Input should be an object")};
  const auto id = order.value("window_id", json());
  if (!id.is_null() && !id.is_string()) return {422, problem("window_id", "a string")};
  const std::lock_guard lock(mutex_);
  expire();
  if (!window_ || (id.is_string() && id != window_->id))
    return {404, {{"detail", "no such power window is open"}}};
  const auto closed = window_->id;
  window_.reset();
  unreadable_ = false;
  return {200,
          {{"state", "closed"}, {"window_id", closed}, {"active_services", started_by_madre()}}};
}

Power::Outcome Power::command(std::string_view service, std::string_view action) {
  if (!is_known(service)) return {422, problem("name", "unknown service")};
  const std::lock_guard lock(mutex_);
  expire();
  if (action == "stop") {
    if (is_core(service)) return {409, {{"detail", "a core service is not stopped"}}};
    started_.erase(std::string(service));
    if (window_) std::erase(window_->services, service);
  } else if (!is_core(service)) {
    started_.emplace(service);
  }
  return {200,
          {{"service", service},
           {"action", action},
           {"status", action == "stop" ? "stopped" : "running"}}};
}

Power::Outcome Power::plan(std::string_view service, std::string_view action) {
  if (!is_known(service)) return {422, problem("name", "unknown service")};
  const json command = {"docker", "compose", "-p", "vx11", action, service};
  return {200,
          {{"status", "plan"},
           {"apply", false},
           {"service", service},
           {"action", action},
           {"plan", json::array({{{"cmd", command}, {"timeout", 30}}})},
           {"executed", json::array()}}};
}

std::string Power::issue_token(const Request& request, std::chrono::milliseconds lifetime) {
  const std::lock_guard lock(mutex_);
  auto token = fmt::format("power-token-{:06x}", ++tokens_issued_);
  tokens_[token] = Token{request.peer, request.user_agent, Steady::now() + lifetime};
  return token;
}

bool Power::may_apply(const Request& request) {
  if (!is_confirmed(request) || request.power_key != kPowerKey) return false;
  const std::lock_guard lock(mutex_);
  const auto token = tokens_.find(request.power_token);
  if (token == tokens_.end()) return false;
  const bool is_its_own =
      token->second.peer == request.peer && token->second.user_agent == request.user_agent;
  const bool is_valid = is_its_own && Steady::now() < token->second.expires;
  if (is_its_own) tokens_.erase(token);
  return is_valid;
}

std::optional<std::chrono::seconds> Power::excess(const Request& request, int limit) {
  constexpr std::chrono::minutes kSpan{1};
  if (limit == 0 || !is_confirmed(request) || request.power_key.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  auto& times = commands_[request.peer];
  const auto now = Steady::now();
  while (!times.empty() && times.front() + kSpan <= now) times.pop_front();
  if (times.size() >= static_cast<std::size_t>(limit))
    return std::chrono::ceil<std::chrono::seconds>(times.front() + kSpan - now);
  times.push_back(now);
  return std::nullopt;
}

void Power::restart() {
  const std::lock_guard lock(mutex_);
  expire();
  unreadable_ = window_.has_value();
}

void Power::expire() {
  if (window_ && window_->ttl && Steady::now() >= window_->expires) window_.reset();
}

bool Power::runs(std::string_view service) const {
  return is_core(service) || started_.contains(service) || is_in_window(service);
}

bool Power::is_in_window(std::string_view service) const {
  return window_ && std::find(window_->services.begin(), window_->services.end(), service) !=
                        window_->services.end();
}

std::vector<std::string> Power::running() const {
  std::vector<std::string> names;
  for (const auto name : kServices) {
    if (runs(name)) names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> Power::started_by_madre() const {
  auto names = running();
  if (!is_in_window("tentaculo_link")) std::erase(names, "tentaculo_link");
  return names;
}

std::string Power::policy() const {
  const auto count = running().size();
  if (count == kServices.size()) return "full";
  return window_ || count > kCoreSize ? "operative_core" : "solo_madre";
}

json Power::window_times(bool zoned) const {
  json out = {{"created_at", nullptr}, {"deadline", nullptr}, {"ttl_remaining_sec", nullptr}};
  if (!window_) return out;
  out["created_at"] = iso_time(window_->created, zoned);
  if (!window_->ttl) return out;
  out["deadline"] = iso_time(window_->created + *window_->ttl, zoned);
  out["ttl_remaining_sec"] =
      std::chrono::ceil<std::chrono::seconds>(window_->expires - Steady::now()).count();
  return out;
}

}  // namespace upstream
