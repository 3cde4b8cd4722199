#include "operator/watch/status_view.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include "operator/api/bounded_json.hpp"
#include "operator/watch/module_table.hpp"
#include "operator/watch/window_view.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::PowerState;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool works(std::string_view word) noexcept {
  return word == "ok" || word == "available";
}

const json& component(const SystemEvidence& evidence, const std::string& name) {
  return member(member(evidence.status, "components"), name.c_str());
}

/// The members of a component that the views show, if they are of their type, and no others.
json shown_component(const json& seen) {
  json shown = {{"status", text_member(seen, "status", "unknown")}, {"reason", nullptr}};
  for (const char* name : {"reason", "error", "checked_at", "source"}) {
    if (member(seen, name).is_string()) shown[name] = seen[name];
  }
  for (const char* name : {"port", "latency_ms"}) {
    if (member(seen, name).is_number()) shown[name] = seen[name];
  }
  return shown;
}

/// What the power state says of a service that the gateway does not check.
json shown_power(const SystemEvidence& evidence, const std::string& name) {
  json shown = {{"status", "unknown"}, {"reason", evidence.power_reason}};
  if (!evidence.power) return shown;
  shown["source"] = "power_state";
  shown["checked_at"] = vx11::to_rfc3339(evidence.power->checked_at);
  if (contains(evidence.power->running, name)) {
    shown["status"] = "ok";
    shown["reason"] = nullptr;
  } else if (contains(evidence.power->available, name)) {
    shown["status"] = "asleep";
    shown["reason"] = "off_by_policy";
  } else {
    shown["reason"] = "not_reported";
  }
  return shown;
}

/// A breaker that is closed is no evidence that a service runs that the power state has asleep.
bool sleeps(const SystemEvidence& evidence, const std::string& name, const json& seen) {
  return evidence.power && text_member(seen, "source") == "breaker" &&
         contains(evidence.power->available, name);
}

json shown_service(const SystemEvidence& evidence, const std::string& name) {
  const json& seen = component(evidence, name);
  if (name == "operator-backend" || name == "operator-frontend") {  // is what answers here
    return {{"status", "ok"},
            {"reason", nullptr},
            {"source", "self"},
            {"checked_at", vx11::to_rfc3339(evidence.at)}};
  }
  if (!seen.is_object() || sleeps(evidence, name, seen)) return shown_power(evidence, name);
  return shown_component(seen);
}

/// The known services in their order, then what else the gateway checks.
std::vector<std::string> all_names(const SystemEvidence& evidence) {
  std::vector<std::string> names = vx11::known_services();
  constexpr std::size_t kMaxNames = 128;
  for (const auto& [name, seen] : member(evidence.status, "components").items()) {
    if (names.size() < kMaxNames && seen.is_object() && !contains(names, name)) {
      names.push_back(name);
    }
  }
  return names;
}

bool core_works(const json& core) {
  return std::all_of(core.begin(), core.end(), [](const json& each) {
    return works(text_member(each, "status")) || text_member(each, "reason") == "not_configured";
  });
}

json shown_window(const SystemEvidence& evidence, bool core_runs) {
  const json view =
      window_view(evidence.power ? &*evidence.power : nullptr, evidence.power_reason, false);
  return {{"mode", core_runs ? view["mode"] : json("degraded")},
          {"services", view["services"]},
          {"window_id", view["window_id"]},
          {"ttl_remaining_sec", view["ttl_remaining_sec"]},
          {"deadline", view["deadline"]}};
}

std::string policy_of(const SystemEvidence& evidence) {
  if (evidence.power) return std::string(vx11::to_string(evidence.power->policy));
  const std::string reported = text_member(member(evidence.status, "windows"), "policy", "unknown");
  const bool is_known =
      reported == "solo_madre" || reported == "operative_core" || reported == "full";
  return is_known ? reported : "unknown";
}

/// As pages test it.
std::string_view module_word(std::string_view status) noexcept {
  if (works(status)) return "UP";
  if (status == "asleep") return "OFF_BY_POLICY";
  return status == "unknown" ? "UNKNOWN" : "DEGRADED";
}

json module_reason(const SystemEvidence& evidence, const json& seen) {
  const std::string status = text_member(seen, "status");
  if (works(status)) return nullptr;
  if (status == "asleep") return policy_of(evidence);
  return text_member(seen, "reason", text_member(seen, "error", status));
}

/// As the gateway reports it, else as VX11 has it by default.
json port_of(const json& seen, const ModuleInfo& info) {
  const json& port = member(seen, "port");
  if (port.is_number_integer()) return port;
  return info.port == 0 ? json() : json(info.port);
}

json shown_module(const SystemEvidence& evidence, const std::string& name) {
  const json seen = shown_service(evidence, name);
  const ModuleInfo info = module_info(name);
  json shown = {{"status", module_word(text_member(seen, "status"))},
                {"port", port_of(seen, info)},
                {"category", info.category},
                {"reason", module_reason(evidence, seen)}};
  for (const char* extra : {"checked_at", "source"}) {
    if (!member(seen, extra).is_null()) shown[extra] = seen[extra];
  }
  return shown;
}

json shown_node(const SystemEvidence& evidence, const std::string& name) {
  const json shown = shown_module(evidence, name);
  const ModuleInfo info = module_info(name);
  return {{"id", name},
          {"label", info.label.empty() ? name : std::string(info.label)},
          {"status", shown["status"]},
          {"port", shown["port"]},
          {"role", info.role}};
}

}  // namespace

bool is_gateway_status(const json& body) {
  return member(body, "status").is_string() && member(body, "components").is_object() &&
         member(body, "windows").is_object();
}

json status_view(const SystemEvidence& evidence) {
  json core = json::object();
  json others = json::object();
  for (const std::string& name : all_names(evidence)) {
    (module_info(name).category == "core" ? core : others)[name] = shown_service(evidence, name);
  }
  const std::string status = text_member(evidence.status, "status");
  const bool core_runs = core_works(core);
  return {{"status", status},
          {"policy", policy_of(evidence)},
          {"degraded", status != "ok" || !core_runs},
          {"window", shown_window(evidence, core_runs)},
          {"core_services", std::move(core)},
          {"optional_services", std::move(others)},
          {"timestamp", vx11::to_rfc3339(evidence.at)}};
}

json modules_view(const SystemEvidence& evidence) {
  json modules = json::object();
  for (const std::string& name : all_names(evidence)) {
    modules[name] = shown_module(evidence, name);
  }
  return {{"modules", std::move(modules)}};
}

json topology_view(const SystemEvidence& evidence) {
  json nodes = json::array();
  for (const std::string& name : all_names(evidence)) nodes.push_back(shown_node(evidence, name));
  json edges = json::array();
  for (const ModuleEdge& edge : module_edges()) {
    edges.push_back({{"from", edge.from}, {"to", edge.to}, {"label", edge.label}});
  }
  return {{"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
}

}  // namespace backend
