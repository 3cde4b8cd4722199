#include "operator/power_answers.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::string_view kMadre = "madre";

void write_strings(json::Writer& json, std::string_view name,
                   const std::vector<std::string>& values) {
  json.key(name).open('[');
  for (const std::string& value : values) json.string(value);
  json.close(']');
}

void write_window(json::Writer& json, const PowerWindow& window) {
  json.open('{').key("window_id").string(window.id).key("created_at");
  json.string(window.created_at ? to_rfc3339(*window.created_at) : std::string());
  json.key("ttl_seconds");
  window.ttl ? json.integer(window.ttl->count()) : json.raw("null");
  write_strings(json, "services", window.services);
  json.close('}');
}

/// Time until madre's breaker admits a call; zero if it does now, or there is none.
Duration wait_for_madre(const Context& context) noexcept {
  const auto& breakers = context.options.breakers;
  const auto at = std::find_if(breakers.begin(), breakers.end(),
                               [](const NamedBreaker& named) { return named.name == kMadre; });
  return at == breakers.end() ? Duration::zero() : at->breaker->snapshot().retry_after;
}

}  // namespace

void write_windows(json::Writer& json, const std::vector<PowerWindow>& windows) {
  json.open('[');
  for (const PowerWindow& window : windows) write_window(json, window);
  json.close(']');
}

HttpResponse power_state_answer(const PowerState& state) {
  json::Writer json(1024);
  json.open('{').key("policy").string(to_string(state.policy)).key("active_windows");
  write_windows(json, state.windows);
  write_strings(json, "running_services", state.running);
  write_strings(json, "available_services", state.available);
  json.key("checked_at").string(to_rfc3339(state.checked_at));
  json.key("age_ms").milliseconds(state.age).close('}');
  return json_answer(200, std::move(json).take());
}

HttpResponse madre_offline(const Context& context, Errc why) {
  json::Writer json;
  begin_offline(json, kMadre, offline_reason(why), "Power management temporarily unavailable");
  json.close('}');
  return offline_answer(std::move(json).take(), wait_for_madre(context));
}

HttpResponse passed_on(const Context& context, Result<MadreReply> reply) {
  if (!reply) return madre_offline(context, reply.error().code);
  return json_answer(reply->status, std::move(reply->json));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
