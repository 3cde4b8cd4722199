#pragma once

/// \file
/// The endpoints by name. Internal.

#include <array>
#include <cstddef>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// The endpoints as metrics label them, so that a client's invented paths create no series.
enum class Endpoint : unsigned char {
  chat,
  status,
  task,
  observe,
  slo,
  vx11_status,
  whoami,
  power_state,
  power_status,
  power_policies,
  solo_madre_status,
  solo_madre_apply,
  service_start,
  service_stop,
  service_restart,
  window_open,
  window_close,
  session,
  circuit_breakers,
  breaker_isolate,
  breaker_reset,
  intent,
  inee,
  health,
  livez,
  readyz,
  metrics,
  admin_reload,
  admin_log_level,
  admin_revocations,
  none,  ///< A path without an endpoint.
};

inline constexpr std::size_t kEndpoints = static_cast<std::size_t>(Endpoint::none) + 1;

/// Its label in metrics.
constexpr std::string_view to_string(Endpoint endpoint) noexcept {
  constexpr std::array<std::string_view, kEndpoints> kNames = {"chat",
                                                               "status",
                                                               "task",
                                                               "observe",
                                                               "slo",
                                                               "vx11_status",
                                                               "whoami",
                                                               "power_state",
                                                               "power_status",
                                                               "power_policies",
                                                               "solo_madre_status",
                                                               "solo_madre_apply",
                                                               "service_start",
                                                               "service_stop",
                                                               "service_restart",
                                                               "window_open",
                                                               "window_close",
                                                               "session",
                                                               "circuit_breakers",
                                                               "breaker_isolate",
                                                               "breaker_reset",
                                                               "intent",
                                                               "inee",
                                                               "health",
                                                               "livez",
                                                               "readyz",
                                                               "metrics",
                                                               "admin_reload",
                                                               "admin_log_level",
                                                               "admin_revocations",
                                                               "none"};
  return kNames[static_cast<std::size_t>(endpoint)];
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
