// The gateway's circuit breakers: all of them, and taking one by hand.
#include <utility>

#include <fmt/format.h>

#include "operator/api/api_answers.hpp"
#include "operator/api/bounded_json.hpp"
#include "operator/api/percent.hpp"
#include "operator/relay/command_record.hpp"
#include "operator/relay/route_context.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Scope;
using vx11::Task;

constexpr const char* kStatus = "/vx11/circuit-breaker/status";

Task<ApiAnswer> show_breakers(SharedContext context, const ApiCall& call) {
  auto reading = read_gateway(*context, call, kStatus);
  ReplyOrAnswer reply = co_await std::move(reading);
  if (!reply) co_return std::move(reply.error());
  if (!reply->ok()) co_return passed_on(*std::move(reply));
  if (!member(reply->body, "breakers").is_object()) co_return invalid_gateway_reply();
  reply->body.erase("status");
  co_return ApiAnswer(std::move(reply->body));
}

/// The breaker after the change, by the gateway's report of it.
ApiAnswer changed(const std::string& name, const json& report) {
  const json& seen = member(member(report, "breakers"), name.c_str());
  if (!seen.is_object()) return invalid_gateway_reply();
  return ApiAnswer(json{{"name", name},
                        {"state", text_member(seen, "state", "closed")},
                        {"mode", text_member(seen, "mode", "automatic")}});
}

ApiAnswer answer_of(ReplyOrAnswer reply, const std::string& name) {
  if (!reply) return std::move(reply.error());
  if (!reply->ok()) return passed_on(*std::move(reply));
  return changed(name, reply->body);
}

Task<ApiAnswer> change(SharedContext context, const ApiCall& call, std::string_view action) {
  const std::string name = call.path_argument("name");
  auto checking = off_for(*context, call, Scope::admin, fmt::format("breaker.{}", action), name);
  auto off = co_await std::move(checking);
  if (off) co_return *std::move(off);
  GatewayRequest request("POST",
                         fmt::format("/vx11/circuit-breaker/{}/{}", percent_encoded(name), action),
                         call.caller, call.correlation_id);
  auto beginning =
      begin_record(*context, call, fmt::format("breaker.{}", action), name, json::object());
  auto unrecorded = co_await std::move(beginning);
  if (unrecorded) co_return *std::move(unrecorded);
  auto sending = command_gateway(*context, std::move(request), context->options.read_timeout);
  ReplyOrAnswer reply = co_await std::move(sending);
  CommandRecord record(fmt::format("breaker.{}", action), name);
  record.module = name;
  record.outcome = outcome_of(reply ? reply->status : reply.error().status);
  ApiAnswer answer = answer_of(std::move(reply), name);
  auto recording = recorded(*context, call, std::move(record), std::move(answer));
  co_return co_await std::move(recording);
}

Task<ApiAnswer> isolate(SharedContext context, const ApiCall& call) {
  return change(std::move(context), call, "isolate");
}

Task<ApiAnswer> reset(SharedContext context, const ApiCall& call) {
  return change(std::move(context), call, "reset");
}

}  // namespace

void add_breaker_routes(ApiRoutes& routes, const SharedContext& context) {
  const vx11::Scopes status{Scope::status};
  routes.push_back(route_of(context, "GET", "/breakers", &show_breakers, status));
  routes.push_back(route_of(context, "POST", "/breakers/{name}/isolate", &isolate));
  routes.push_back(route_of(context, "POST", "/breakers/{name}/reset", &reset));
}

}  // namespace backend
