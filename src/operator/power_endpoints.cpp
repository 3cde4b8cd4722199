#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "http/percent.hpp"
#include "json/scan.hpp"
#include "operator/answers.hpp"
#include "operator/body_fields.hpp"
#include "operator/endpoints.hpp"
#include "operator/power_answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// madre's members appended to ours; on a conflict ours win.
Result<std::string> with_state(std::string_view status, const PowerState& state) {
  static constexpr std::array<std::string_view, 2> kOurs = {"policy", "windows"};
  const auto theirs = json::split_object(status, kOurs);
  if (!theirs) return fail(theirs.error());
  json::Writer ours;
  ours.open('{').key("policy").string(to_string(state.policy)).key("windows");
  write_windows(ours, state.windows);
  ours.close('}');
  return json::merge_objects(std::move(ours).take(), theirs->rest);
}

HttpResponse unknown_service() {
  Mistakes mistakes;
  mistakes.add(R"(["path","name"])", "Input should be a known service", "enum");
  return mistakes.answer();
}

using Command = Task<Result<MadreReply>> (PowerStateClient::*)(std::string, Deadline) const;

Task<HttpResponse> command(const Context& context, const Call& call, Command send) {
  const auto name = decode_percent(call.argument);
  if (!name || !is_known_service(*name)) co_return unknown_service();
  co_return passed_on(context, co_await (*context.options.power.*send)(*name, call.deadline));
}

}  // namespace

Task<HttpResponse> show_power_state(const Context& context, const Call& call) {
  const auto state = co_await context.options.power->async_state(call.deadline);
  co_return state ? power_state_answer(*state) : madre_offline(context, state.error().code);
}

Task<HttpResponse> show_power_status(const Context& context, const Call& call) {
  const PowerStateClient& power = *context.options.power;
  auto status = co_await power.async_status(call.deadline);
  if (!status || !status->ok()) co_return passed_on(context, std::move(status));
  const auto state = co_await power.async_state(call.deadline);
  if (!state) co_return madre_offline(context, state.error().code);
  auto both = with_state(status->json, *state);
  if (!both) co_return madre_offline(context, both.error().code);
  co_return json_answer(status->status, *std::move(both));
}

Task<HttpResponse> show_solo_madre(const Context& context, const Call& call) {
  co_return passed_on(context,
                      co_await context.options.power->async_solo_madre_status(call.deadline));
}

Task<HttpResponse> apply_solo_madre(const Context& context, const Call& call) {
  co_return passed_on(context,
                      co_await context.options.power->async_apply_solo_madre(call.deadline));
}

Task<HttpResponse> start_service(const Context& context, const Call& call) {
  return command(context, call, &PowerStateClient::async_start);
}

Task<HttpResponse> stop_service(const Context& context, const Call& call) {
  return command(context, call, &PowerStateClient::async_stop);
}

Task<HttpResponse> restart_service(const Context& context, const Call& call) {
  return command(context, call, &PowerStateClient::async_restart);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
