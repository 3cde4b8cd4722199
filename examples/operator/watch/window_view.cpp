#include "operator/watch/window_view.hpp"

#include <vx11/session.hpp>

#include <chrono>
#include <utility>

#include "operator/api/api_answers.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::PowerState;
using vx11::PowerWindow;
using vx11::WallTime;

json empty_view(bool read_only) {
  return json{{"mode", "solo_madre"},      {"policy", "unknown"},
              {"status", "none"},          {"window_id", nullptr},
              {"ttl_seconds", nullptr},    {"ttl_remaining_sec", nullptr},
              {"created_at", nullptr},     {"deadline", nullptr},
              {"services", json::array()}, {"active_services", json::array()},
              {"degraded", false},         {"reason", nullptr},
              {"read_only", read_only}};
}

json time_or_null(const std::optional<WallTime>& time) {
  return time ? json(vx11::to_rfc3339(*time)) : json();
}

json seconds_or_null(const std::optional<std::chrono::seconds>& time) {
  return time ? json(time->count()) : json();
}

void show_window(json& view, const PowerWindow& window, WallTime now) {
  view["mode"] = "window_active";
  view["status"] = "open";
  view["window_id"] = window.id;
  view["ttl_seconds"] = seconds_or_null(window.ttl);
  view["ttl_remaining_sec"] = seconds_or_null(window.remaining);
  view["created_at"] = time_or_null(window.created_at);
  view["deadline"] = time_or_null(end_of(window, now));
  view["services"] = window.services;
}

}  // namespace

std::optional<WallTime> end_of(const PowerWindow& window, WallTime now) {
  if (window.created_at && window.ttl) return *window.created_at + *window.ttl;
  if (window.remaining) return now + *window.remaining;
  return std::nullopt;
}

json window_view(const PowerState* state, std::string_view reason, bool read_only) {
  json view = empty_view(read_only);
  if (state == nullptr) {
    view["mode"] = "degraded";
    view["degraded"] = true;
    view["reason"] = reason;
    return view;
  }
  view["policy"] = vx11::to_string(state->policy);
  view["active_services"] = state->running;
  if (!state->windows.empty()) show_window(view, state->windows.front(), state->checked_at);
  return view;
}

vx11::Result<PowerState> power_state_of(const json& body, WallTime now) {
  auto state = vx11::parse_power_state(to_text(body), now);
  if (state) state->checked_at = now;
  return state;
}

}  // namespace backend
