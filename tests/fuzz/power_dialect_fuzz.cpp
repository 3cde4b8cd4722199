// Both dialects of madre's power state: what is read keeps the contract's invariants, and
// round-trips through the contract's dialect.

#include <vx11/power_state_client.hpp>
#include <vx11/session.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "fuzz.hpp"

namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool each_once(const Names& names) {
  return std::set<std::string>(names.begin(), names.end()).size() == names.size();
}

void check_services(const vx11::PowerState& state) {
  fuzz::require(contains(state.running, "tentaculo_link"), "the gateway runs: it asks");
  fuzz::require(each_once(state.running) && each_once(state.available), "each service once");
  for (const std::string& name : vx11::known_services()) {
    fuzz::require(contains(state.running, name) != contains(state.available, name),
                  "a known service either runs or is available");
  }
  for (const std::string& name : state.available) {
    fuzz::require(vx11::is_known_service(name), "only known services are available");
  }
}

json written(const vx11::PowerWindow& window) {
  return {{"window_id", window.id},
          {"created_at", window.created_at ? json(vx11::to_rfc3339(*window.created_at)) : json()},
          {"ttl_seconds", window.ttl ? json(window.ttl->count()) : json()},
          {"services", window.services}};
}

json written(const vx11::PowerState& state) {
  json windows = json::array();
  for (const vx11::PowerWindow& window : state.windows) windows.push_back(written(window));
  return {{"policy", vx11::to_string(state.policy)},
          {"active_windows", windows},
          {"running_services", state.running},
          {"available_services", state.available}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto state = vx11::parse_power_state(fuzz::text_of(data, size));
  if (!state) {
    fuzz::require(state.error().code == vx11::Errc::invalid_reply, "a bad answer is madre's");
    return 0;
  }
  check_services(*state);
  for (const vx11::PowerWindow& window : state->windows) {
    fuzz::require(each_once(window.services), "a window names each service once");
    fuzz::require(!window.ttl || window.ttl->count() >= 0, "a window lasts no negative time");
    // Longer times than the contract's dialect can carry come from dates centuries apart.
    if (window.ttl && *window.ttl > std::chrono::seconds(1'000'000'000)) return 0;
  }
  const json document = written(*state);
  const auto again = vx11::parse_power_state(document.dump());
  fuzz::require(again.has_value(), "what is written is read back");
  fuzz::require(written(*again) == document, "and is the same");
  return 0;
}
