#include "operator/watch/watch_events.hpp"

#include <vx11/session.hpp>

#include <utility>

#include <fmt/format.h>

namespace backend {

namespace {

/// Of the gateway `gateway.away` and `gateway.back`; of others the new value, as
/// `breaker.half_open`; of components always `component.changed`, whose values are many.
std::string type_of(const WatchedValue& seen) {
  if (seen.family == "gateway") return seen.is_normal ? "gateway.back" : "gateway.away";
  if (seen.family == "component") return "component.changed";
  if (seen.family == "objective") return seen.is_normal ? "slo.recovered" : "slo.burning";
  if (seen.family == "breaker" && seen.value == "open") return "breaker.opened";
  return seen.family + "." + seen.value;
}

Severity severity_of(const WatchedValue& seen) noexcept {
  if (seen.is_normal) return Severity::info;
  if (seen.family == "gateway" || seen.value == "page") return Severity::critical;
  if (seen.value == "half_open") return Severity::info;
  if (seen.value == "degraded" || seen.value == "unknown" || seen.value == "ticket" ||
      seen.value == "isolated") {
    return Severity::warn;
  }
  return Severity::error;
}

std::string summary_of(const WatchedValue& seen, std::string_view from) {
  const std::string was = from.empty() ? std::string() : fmt::format(", it was {}", from);
  const std::string why = seen.reason.empty() ? std::string() : ": " + seen.reason;
  return fmt::format("{} {} is {}{}{}", seen.family, seen.name, seen.value, why, was);
}

NewEvent window_event(std::string type, const std::string& id, std::string summary) {
  NewEvent event;
  event.type = std::move(type);
  event.module = "madre";
  event.summary = std::move(summary);
  event.payload["window_id"] = id;
  return event;
}

}  // namespace

void add_deadline(nlohmann::json& payload, vx11::WallTime deadline) {
  payload["deadline"] = vx11::to_rfc3339(deadline);
  payload["deadline_unix_ms"] = deadline.time_since_epoch().count();
}

NewEvent value_changed(const WatchedValue& seen, std::string_view from) {
  NewEvent event;
  event.type = type_of(seen);
  event.severity = severity_of(seen);
  event.module = seen.name;
  event.summary = summary_of(seen, from);
  event.payload = {{"watched", seen.key()}, {"to", seen.value}};
  if (!from.empty()) event.payload["from"] = from;
  if (!seen.reason.empty()) event.payload["reason"] = seen.reason;
  return event;
}

NewEvent value_flaps(const WatchedValue& seen) {
  NewEvent event;
  event.type = seen.family + ".flapping";
  event.severity = Severity::warn;
  event.module = seen.name;
  event.summary = fmt::format("{} {} keeps changing; it is reported again once it stays",
                              seen.family, seen.name);
  event.payload = {{"watched", seen.key()}, {"flapping", true}};
  return event;
}

NewEvent window_opened(const vx11::PowerWindow& window, std::optional<vx11::WallTime> deadline) {
  NewEvent event =
      window_event("power.window_opened", window.id,
                   fmt::format("A window is open for {} services", window.services.size()));
  event.payload["services"] = window.services;
  if (deadline) add_deadline(event.payload, *deadline);
  return event;
}

NewEvent window_ending(const vx11::PowerWindow& window, vx11::WallTime deadline) {
  NewEvent event = window_event("power.window_ending", window.id, "The window is about to end");
  event.severity = Severity::warn;
  add_deadline(event.payload, deadline);
  event.payload["services"] = window.services;
  return event;
}

NewEvent window_gone(const std::string& id, bool expired) {
  return window_event(expired ? "power.window_expired" : "power.window_closed", id,
                      expired ? "The window has ended" : "The window was closed");
}

}  // namespace backend
