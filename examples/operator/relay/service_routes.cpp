// service/{name}/start, stop and restart, with the two steps of the deployed madre.
#include <vx11/power_state_client.hpp>

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "operator/api/api_answers.hpp"
#include "operator/api/bounded_json.hpp"
#include "operator/relay/command_record.hpp"
#include "operator/relay/route_context.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Scope;
using vx11::Task;

/// madre binds her token to the User-Agent that it was issued to.
constexpr std::array<const char*, 3> kPowerHeaders = {"X-VX11-Power-Key", "X-VX11-Power-Token",
                                                      "User-Agent"};

/// \param body as it was understood here: what is audited is what is sent
GatewayRequest command_to(const ApiCall& call, const std::string& service, std::string_view action,
                          const json& body) {
  GatewayRequest request("POST", fmt::format("/operator/power/service/{}/{}", service, action),
                         call.caller, call.correlation_id);
  request.body = to_text(body);
  for (const char* name : kPowerHeaders) {
    const std::string_view value = call.request.headers.get(name);
    if (!value.empty()) request.headers.set(name, value);
  }
  return request;
}

/// A plan is never success: nothing was done. Neither is what failed in part, or is not known.
bool is_executed(const json& madre) {
  if (madre.contains("executed")) return madre["executed"] == true;
  return text_member(madre, "status") != "plan";
}

std::string outcome_of_answer(const json& madre) {
  if (is_executed(madre)) return "done";
  if (text_member(madre, "status") == "plan") return "planned";
  return member(madre, "executed").is_null() ? "pending" : "failed";
}

json command_view(const std::string& service, std::string_view action, json madre) {
  json view = {{"service", service}, {"action", action}, {"executed", is_executed(madre)}};
  view["status"] = text_member(madre, "status", "ok");
  view["madre"] = std::move(madre);
  return view;
}

/// What is known of the body that the audit should have; never the confirmation or a key.
json command_detail(const json& body, const GatewayReply* reply) {
  json detail = {{"apply", member(body, "apply") == true}};
  if (member(body, "reason").is_string()) detail["reason"] = body["reason"];
  if (reply != nullptr) detail["status_code"] = reply->status;
  return detail;
}

/// What is wrong with the members of the body; none: the gateway is asked.
std::optional<ApiAnswer> body_mistake(const json& body) {
  const json& apply = member(body, "apply");
  if (!apply.is_null() && !apply.is_boolean()) {
    return unprocessable("apply", "Input should be a valid boolean", "bool_type");
  }
  const json& confirm = member(body, "confirm");
  if (confirm.is_null() || confirm.is_string()) return std::nullopt;
  return unprocessable("confirm", "Input should be a valid string", "string_type");
}

std::string outcome_of_command(const ReplyOrAnswer& reply) {
  if (reply && reply->ok()) return outcome_of_answer(reply->body);
  return std::string(outcome_of(reply ? reply->status : reply.error().status));
}

ApiAnswer answer_of(ReplyOrAnswer reply, const std::string& service, std::string_view action) {
  if (!reply) return std::move(reply.error());
  if (!reply->ok()) return command_refusal(*std::move(reply));
  return ApiAnswer(command_view(service, action, std::move(reply->body)));
}

Task<ApiAnswer> command(SharedContext context, const ApiCall& call, std::string_view action) {
  const std::string service = call.path_argument("name");
  if (!vx11::is_known_service(service)) {
    ApiAnswer unknown = unprocessable({}, "Input should be a known service", "enum");
    unknown.body["detail"][0]["loc"] = json::array({"path", "name"});
    co_return unknown;
  }
  auto checking =
      off_for(*context, call, Scope::power_write, fmt::format("service.{}", action), service);
  auto off = co_await std::move(checking);
  if (off) co_return *std::move(off);
  auto body = json_object(call);
  if (!body) co_return std::move(body.error());
  if (auto mistake = body_mistake(*body)) co_return *std::move(mistake);
  const StatusFeed::PowerCommand running = context->parts.feed->begin_command();
  json detail = command_detail(*body, nullptr);
  auto beginning =
      begin_record(*context, call, fmt::format("service.{}", action), service, std::move(detail));
  auto unrecorded = co_await std::move(beginning);
  if (unrecorded) co_return *std::move(unrecorded);
  auto sending = command_gateway(*context, command_to(call, service, action, *body),
                                 context->options.command_timeout);
  ReplyOrAnswer reply = co_await std::move(sending);
  CommandRecord record(fmt::format("service.{}", action), service);
  record.module = service;
  record.outcome = outcome_of_command(reply);
  record.detail = command_detail(*body, reply ? &*reply : nullptr);
  ApiAnswer answer = answer_of(std::move(reply), service, action);
  auto recording = recorded(*context, call, std::move(record), std::move(answer));
  co_return co_await std::move(recording);
}

Task<ApiAnswer> start_service(SharedContext context, const ApiCall& call) {
  return command(std::move(context), call, "start");
}

Task<ApiAnswer> stop_service(SharedContext context, const ApiCall& call) {
  return command(std::move(context), call, "stop");
}

Task<ApiAnswer> restart_service(SharedContext context, const ApiCall& call) {
  return command(std::move(context), call, "restart");
}

}  // namespace

void add_service_routes(ApiRoutes& routes, const SharedContext& context) {
  routes.push_back(route_of(context, "POST", "/service/{name}/start", &start_service));
  routes.push_back(route_of(context, "POST", "/service/{name}/stop", &stop_service));
  routes.push_back(route_of(context, "POST", "/service/{name}/restart", &restart_service));
}

}  // namespace backend
