#include "operator/power_answers.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/scan.hpp"
#include "operator/answers.hpp"
#include "power/names.hpp"

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

/// madre's breaker for power requests; null if there is none. One that is shared with chats has the
/// name of the upstream alone.
const CircuitBreaker* breaker_of_madre(const Context& context) noexcept {
  const auto& breakers = context.options.breakers;
  for (const std::string_view name : {std::string_view("madre_power"), kMadre}) {
    const auto at = std::find_if(breakers.begin(), breakers.end(),
                                 [=](const NamedBreaker& named) { return named.name == name; });
    if (at != breakers.end()) return at->breaker.get();
  }
  return nullptr;
}

constexpr std::array<std::string_view, 3> kCore = {"madre", "tentaculo_link", "redis"};

}  // namespace

void write_window(json::Writer& json, const PowerWindow& window) {
  json.open('{').key("window_id").string(window.id).key("created_at");
  json.string(window.created_at ? to_rfc3339(*window.created_at) : std::string());
  json.key("ttl_seconds");
  window.ttl ? json.integer(window.ttl->count()) : json.raw("null");
  json.key("ttl_remaining_sec");
  window.remaining ? json.integer(window.remaining->count()) : json.raw("null");
  write_strings(json, "services", window.services);
  json.close('}');
}

void write_windows(json::Writer& json, const std::vector<PowerWindow>& windows) {
  json.open('[');
  for (const PowerWindow& window : windows) write_window(json, window);
  json.close(']');
}

std::string power_state_json(const PowerState& state) {
  json::Writer json(1024);
  json.open('{').key("policy").string(to_string(state.policy)).key("active_windows");
  write_windows(json, state.windows);
  write_strings(json, "running_services", state.running);
  write_strings(json, "available_services", state.available);
  json.key("checked_at").string(to_rfc3339(state.checked_at)).close('}');
  return std::move(json).take();
}

std::string with_age(std::string_view state, Duration age) {
  json::Writer json(state.size() + 32);
  json.open('{').members_of(state).key("age_ms").milliseconds(age).close('}');
  return std::move(json).take();
}

HttpResponse madre_offline(const Context& context, const Error& why) {
  const CircuitBreaker* const breaker =
      why.code == Errc::circuit_open ? breaker_of_madre(context) : nullptr;
  json::Writer json;
  begin_offline(json, kMadre, offline_reason(why.code, breaker),
                "Power management temporarily unavailable");
  if (why.code == Errc::http_status) json.key("detail").string(why.detail);
  json.close('}');
  const Duration wait = breaker != nullptr ? breaker->snapshot().retry_after : Duration::zero();
  return offline_answer(std::move(json).take(), wait);
}

HttpResponse passed_on(const Context& context, Result<MadreReply> reply) {
  if (!reply) return madre_offline(context, reply.error());
  HttpResponse answer = json_answer(reply->status, std::move(reply->json));
  add_retry_after(answer, reply->retry_after);
  return answer;
}

bool is_solo_madre(const PowerState& state) {
  return state.policy == PowerPolicy::solo_madre && state.windows.empty() &&
         state.running.size() == kCore.size() &&
         std::all_of(kCore.begin(), kCore.end(),
                     [&](std::string_view name) { return contains(state.running, name); });
}

Result<std::string> solo_madre_json(const std::string& said, const PowerState& state) {
  static constexpr std::array<std::string_view, 4> kOurs = {"policy_active", "extra_services",
                                                            "missing_services", "madre"};
  const auto theirs = json::split_object(said, kOurs);
  if (!theirs) return fail(theirs.error());
  std::vector<std::string> extra;
  std::copy_if(state.running.begin(), state.running.end(), std::back_inserter(extra),
               [](const std::string& name) { return !contains(kCore, name); });
  std::vector<std::string> missing(kCore.begin(), kCore.end());
  std::erase_if(missing, [&](const std::string& name) { return contains(state.running, name); });
  json::Writer json(1024);
  json.open('{').key("policy_active").boolean(is_solo_madre(state));
  write_strings(json, "extra_services", extra);
  write_strings(json, "missing_services", missing);
  json.key("madre").raw(json::split_object(said, {})->rest).close('}');
  return json::merge_objects(std::move(json).take(), theirs->rest);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
