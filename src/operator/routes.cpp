#include "operator/routes.hpp"

#include <array>

#include "http/resource.hpp"
#include "operator/route_indices.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::optional<Scope> kPublic = std::nullopt;

constexpr Route inee_read(const char* pattern) {
  return {pattern, "GET", Scope::status, Endpoint::inee, &relay_inee};
}
constexpr Route inee_write(const char* pattern) {
  return {pattern, "POST", Scope::power_write, Endpoint::inee, &relay_inee, BodyRule::required};
}

/// Most frequently used first: they are searched in order.
constexpr std::array<Route, 44> kRoutes = {{
    {"/operator/chat/ask", "POST", Scope::chat, Endpoint::chat, nullptr, BodyRule::required},
    {"/operator/chat", "POST", Scope::chat, Endpoint::chat, nullptr, BodyRule::required},
    {"/operator/status", "GET", Scope::status, Endpoint::status, &show_status},
    {"/operator/power/state", "GET", Scope::power_read, Endpoint::power_state, &show_power_state},
    {"/operator/task", "POST", Scope::power_write, Endpoint::task, &send_task, BodyRule::required},
    {"/operator/slo", "GET", Scope::status, Endpoint::slo, &show_objectives},
    {"/operator/observe", "GET", Scope::status, Endpoint::observe, &show_observation},
    {"/operator/session/{}", "GET", Scope::chat, Endpoint::session, &show_session,
     BodyRule::ignored, Scope::sessions_read, &delete_session},
    {"/operator/power/status", "GET", Scope::power_read, Endpoint::power_status,
     &show_power_status},
    {"/operator/power/policies", "GET", Scope::power_read, Endpoint::power_policies,
     &show_power_policies},
    {"/operator/power/policy/solo_madre/status", "GET", Scope::power_read,
     Endpoint::solo_madre_status, &show_solo_madre},
    {"/operator/power/policy/solo_madre/apply", "POST", Scope::power_write,
     Endpoint::solo_madre_apply, &apply_solo_madre},
    {"/operator/power/service/{}/start", "POST", Scope::power_write, Endpoint::service_start,
     &start_service, BodyRule::optional},
    {"/operator/power/service/{}/stop", "POST", Scope::power_write, Endpoint::service_stop,
     &stop_service, BodyRule::optional},
    {"/operator/power/service/{}/restart", "POST", Scope::power_write, Endpoint::service_restart,
     &restart_service, BodyRule::optional},
    {"/operator/power/window/open", "POST", Scope::power_write, Endpoint::window_open, &open_window,
     BodyRule::required},
    {"/operator/power/window/close", "POST", Scope::power_write, Endpoint::window_close,
     &close_window, BodyRule::optional},
    {"/vx11/circuit-breaker/status", "GET", Scope::status, Endpoint::circuit_breakers,
     &show_breakers},
    {"/vx11/circuit-breaker/{}/isolate", "POST", Scope::admin, Endpoint::breaker_isolate,
     &isolate_breaker},
    {"/vx11/circuit-breaker/{}/reset", "POST", Scope::admin, Endpoint::breaker_reset,
     &reset_breaker},
    {"/vx11/status", "GET", Scope::status, Endpoint::vx11_status, &show_vx11_status},
    {"/operator/whoami", "GET", Scope::admin, Endpoint::whoami, &show_caller, BodyRule::ignored,
     std::nullopt, nullptr, true},
    {"/health", "GET", kPublic, Endpoint::health, &show_health},
    {"/livez", "GET", kPublic, Endpoint::livez, &show_livez},
    {"/readyz", "GET", kPublic, Endpoint::readyz, &show_readyz},
    {"/metrics", "GET", Scope::metrics, Endpoint::metrics, &show_metrics},
    {"/", "GET", kPublic, Endpoint::health, &show_health},
    inee_read("/operator/inee/status"),
    inee_write("/operator/inee/colony/register"),
    inee_write("/operator/inee/colony/envelope"),
    inee_write("/operator/inee/colony/heartbeat"),
    inee_write("/operator/inee/colony/lifecycle/advance"),
    inee_write("/operator/inee/builder/patchset"),
    inee_write("/operator/inee/builder/prompt-pack"),
    inee_read("/operator/inee/rewards/status"),
    inee_read("/operator/inee/rewards/account/{}"),
    inee_write("/operator/inee/rewards/transaction"),
    inee_write("/operator/inee/manifestator/patch-plan"),
    inee_write("/operator/inee/manifestator/prompt-pack"),
    {"/operator/manifestator/emit-intent", "POST", Scope::power_write, Endpoint::intent,
     &emit_intent, BodyRule::required},
    {"/manifestator/builder/emit-intent", "POST", Scope::power_write, Endpoint::intent,
     &emit_intent, BodyRule::required},
    {"/admin/reload", "POST", Scope::admin, Endpoint::admin_reload, &reload},
    {"/admin/log-level", "PUT", Scope::admin, Endpoint::admin_log_level, &set_log_level,
     BodyRule::required},
    {"/admin/revocations", "POST", Scope::admin, Endpoint::admin_revocations, &revoke,
     BodyRule::required},
}};

}  // namespace

Match find_route(std::string_view target) noexcept {
  const std::string_view path = http_detail::resource_of(target);
  std::string_view argument;
  const auto keep = [&argument](std::string_view, std::string_view value) { argument = value; };
  for (const Route& route : kRoutes) {
    if (route.pattern.matches(path, keep)) return Match{&route, argument};
  }
  return {};
}

RouteIndices route_indices(const RequestMetrics* metrics) {
  RouteIndices indices;
  if (metrics == nullptr) return indices;
  for (const Route& route : kRoutes) indices.push_back(metrics->index_of(route.pattern.text()));
  return indices;
}

std::size_t position_of(const Route& route) noexcept {
  return static_cast<std::size_t>(&route - kRoutes.data());
}

std::vector<ServedRoute> served_routes() {
  std::vector<ServedRoute> served;
  for (const Route& route : kRoutes) {
    served.push_back({.method = route.method, .pattern = route.pattern.text()});
    if (route.remove != nullptr) {
      served.push_back({.method = "DELETE", .pattern = route.pattern.text()});
    }
  }
  return served;
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
