#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "front/chat_trace.hpp"
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

using Command = Task<Result<MadreReply>> (PowerStateClient::*)(std::string, ServiceOrder,
                                                               Deadline) const;

/// madre's token is bound to the User-Agent that it was issued to.
constexpr std::array<const char*, 3> kPowerHeaders = {"X-VX11-Power-Key", "X-VX11-Power-Token",
                                                      "User-Agent"};

/// What accompanies the command: the body, if it is a JSON object, and the power headers.
tl::expected<ServiceOrder, HttpResponse> read_order(const HttpRequest& request) {
  ServiceOrder order;
  if (!request.body.empty()) {
    const auto fields = BodyFields::read(request.body, {});
    if (!fields) return tl::unexpected(fields.error());
    order.json = request.body;
  }
  for (const char* name : kPowerHeaders) {
    const std::string_view value = request.headers.get(name);
    if (!value.empty()) order.headers.set(name, value);
  }
  return order;
}

Task<HttpResponse> command(const Context& context, const Call& call, Command send) {
  const auto name = decode_percent(call.argument);
  if (!name || !is_known_service(*name)) co_return unknown_service();
  auto order = read_order(call.request);
  if (!order) co_return std::move(order.error());
  add_trace(order->headers, call.trace, call.request.headers);
  const PowerStateClient& power = *context.options.power;
  HeldCommand held;
  held.slot = std::make_shared<PowerGovernor::Command>(context.options.governor->begin());
  held.send = [power, send, name = *name, order = *std::move(order)](Deadline deadline) {
    return (power.*send)(name, order, std::move(deadline));
  };
  auto sending = context.commands.run(std::move(held), power.blocks(), call.deadline);
  co_return service_answer(context, call, co_await std::move(sending));
}

}  // namespace

Task<HttpResponse> show_power_state(const Context& context, const Call& call) {
  auto reading_it = context.options.power->async_reading(call.deadline);
  const std::shared_ptr<const PowerReading> reading = co_await std::move(reading_it);
  if (!reading->state) co_return madre_offline(context, reading->state.error());
  const std::shared_ptr<const std::string> json = context.power_state.of(
      reading, [&](const PowerReading& seen) { return power_state_json(*seen.state); });
  const Duration age = context.options.clock.now() - reading->asked_at;
  co_return json_answer(200, with_age(*json, age));
}

Task<HttpResponse> show_power_status(const Context& context, const Call& call) {
  const PowerStateClient& power = *context.options.power;
  auto status = co_await power.async_status(call.deadline);
  if (!status || !status->ok()) co_return passed_on(context, std::move(status));
  const auto state = co_await power.async_state(call.deadline);
  if (!state) co_return madre_offline(context, state.error());
  auto both = with_state(status->json, *state);
  if (!both) co_return madre_offline(context, both.error());
  co_return json_answer(status->status, *std::move(both));
}

Task<HttpResponse> show_solo_madre(const Context& context, const Call& call) {
  const PowerStateClient& power = *context.options.power;
  auto said = co_await power.async_solo_madre_status(call.deadline);
  if (!said || !said->ok()) co_return passed_on(context, std::move(said));
  const auto state = co_await power.async_state(call.deadline);
  if (!state) co_return madre_offline(context, state.error());
  auto both = solo_madre_json(said->json, *state);
  if (!both) co_return madre_offline(context, both.error());
  co_return json_answer(said->status, *std::move(both));
}

Task<HttpResponse> apply_solo_madre(const Context& context, const Call& call) {
  Headers headers;
  add_trace(headers, call.trace, call.request.headers);
  const PowerStateClient& power = *context.options.power;
  HeldCommand held;
  held.slot = std::make_shared<PowerGovernor::Command>(context.options.governor->begin());
  held.send = [power, headers](Deadline deadline) {
    return power.async_apply_solo_madre(headers, std::move(deadline));
  };
  auto applying = context.commands.run(std::move(held), power.blocks(), call.deadline);
  co_return service_answer(context, call, co_await std::move(applying));
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
