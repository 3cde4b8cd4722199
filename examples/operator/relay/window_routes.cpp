// chat/window/status, open and close: one shape of answer.
#include <vx11/session.hpp>

#include <utility>

#include <fmt/format.h>

#include "operator/api/api_answers.hpp"
#include "operator/api/bounded_json.hpp"
#include "operator/relay/command_record.hpp"
#include "operator/relay/route_context.hpp"
#include "operator/relay/window_order.hpp"
#include "operator/watch/evidence.hpp"
#include "operator/watch/watch_events.hpp"
#include "operator/watch/window_view.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Scope;
using vx11::Task;

Task<PowerEvidence> current_power(const RouteContext& context, const ApiCall& call,
                                  vx11::Deadline deadline) {
  GatewayRequest request("GET", "/operator/power/state", call.caller, call.correlation_id);
  auto asking = ask_gateway(context, std::move(request), deadline, context.options.read_timeout);
  ReplyOrAnswer reply = co_await std::move(asking);
  co_return power_evidence(std::move(reply), context.options.wall_clock.now());
}

json view_of(const RouteContext& context, const ApiCall& call, const PowerEvidence& power) {
  const bool read_only = is_read_only(context, call.caller, Scope::power_write);
  return window_view(power.state ? &*power.state : nullptr, power.reason, read_only);
}

Task<ApiAnswer> show_window(SharedContext context, const ApiCall& call) {
  auto reading = current_power(*context, call, call.deadline);
  PowerEvidence power = co_await std::move(reading);
  if (power.failure) co_return *std::move(power.failure);
  co_return ApiAnswer(view_of(*context, call, power));
}

/// 409 with the window that is open.
ApiAnswer conflict(const ApiCall& call, json view, std::string_view word, std::string_view text) {
  ApiAnswer answer = refusal(409, word, text);
  view["correlation_id"] = call.correlation_id;
  answer.body["window"] = std::move(view);
  return answer;
}

GatewayRequest command_to(const ApiCall& call, const char* path, const json& body) {
  GatewayRequest request("POST", path, call.caller, call.correlation_id);
  request.body = to_text(body);
  return request;
}

/// The state after a command. A madre that does not answer right after it has done something is
/// shown as degraded, with the window's id by her answer to the command.
json view_after(const RouteContext& context, const ApiCall& call, const PowerEvidence& power,
                const json& answer) {
  json view = view_of(context, call, power);
  if (!power.state) view["window_id"] = member(answer, "window_id");
  return view;
}

/// When the window that was just opened ends, by madre's state, else by what was ordered.
std::optional<vx11::WallTime> deadline_of(const json& order, const PowerEvidence& power,
                                          vx11::WallTime now) {
  if (power.state && !power.state->windows.empty()) {
    return end_of(power.state->windows.front(), now);
  }
  const json& ttl = member(order, "ttl_sec");
  if (!ttl.is_number_integer()) return std::nullopt;
  return now + std::chrono::seconds(ttl.get<std::int64_t>());
}

json opened_detail(const json& order, const json& view, const json& answer) {
  json detail = order;
  detail["window_id"] = text_member(answer, "window_id", text_member(view, "window_id"));
  return detail;
}

std::string names_of(const json& services) {
  std::string names;
  for (const json& each : services) {
    if (!each.is_string()) continue;
    if (!names.empty()) names += ", ";
    names += each.get<std::string>();
  }
  return names;
}

/// The refusal of a window says so if another one was closed for it.
ApiAnswer with_closed(ApiAnswer answer, const json& closed_id) {
  if (!closed_id.is_string()) return answer;
  answer.body.erase("closed_window_id");
  answer.body["message"] =
      fmt::format("{}; the window {} was closed for it", text_member(answer.body, "message", "No"),
                  closed_id.get_ref<const std::string&>());
  return answer;
}

Task<ApiAnswer> refused_open(const RouteContext& context, const ApiCall& call, GatewayReply reply) {
  // A 409 with a word is the gateway's own, such as `command_in_progress`.
  const bool is_open = reply.status == 409 && !member(reply.body, "error").is_string();
  const bool is_mismatch = text_member(reply.body, "error") == "window_not_open";
  if (!is_open && !is_mismatch) {
    const json closed_id = member(reply.body, "closed_window_id");
    co_return with_closed(command_refusal(std::move(reply)), closed_id);
  }
  auto reading = current_power(context, call, vx11::Deadline());
  const PowerEvidence power = co_await std::move(reading);
  json view = view_of(context, call, power);
  if (is_mismatch) {
    co_return conflict(call, std::move(view), "window_mismatch",
                       "The window to replace is not open");
  }
  if (!power.state) view["window_id"] = member(reply.body, "window_id");
  co_return conflict(call, std::move(view), "window_open",
                     "A window is open already: close it first, or wait until it ends");
}

Task<ApiAnswer> opened(const RouteContext& context, const ApiCall& call, const json& order,
                       const json& answer, CommandRecord record) {
  auto reading = current_power(context, call, vx11::Deadline());
  const PowerEvidence power = co_await std::move(reading);
  json view = view_after(context, call, power, answer);
  record.detail = opened_detail(order, view, answer);
  const auto deadline = deadline_of(order, power, context.options.wall_clock.now());
  if (deadline) add_deadline(record.detail, *deadline);
  record.object = text_member(record.detail, "window_id");
  record.event_type = "power.window_opened";
  const bool is_new = member(order, "replaces").is_null();
  record.summary = fmt::format("{} {} for {}", call.caller.principal,
                               is_new ? "opened a window" : "replaced the window by one",
                               names_of(member(order, "services")));
  auto recording = recorded(context, call, std::move(record), ApiAnswer(std::move(view)));
  co_return co_await std::move(recording);
}

Task<ApiAnswer> open_window(SharedContext context, const ApiCall& call) {
  auto checking = off_for(*context, call, Scope::power_write, "power.window_open", "window");
  auto off = co_await std::move(checking);
  if (off) co_return *std::move(off);
  auto body = json_object(call);
  if (!body) co_return std::move(body.error());
  auto order = window_order(*body, context->options.max_window_ttl);
  if (!order) co_return std::move(order.error());
  const StatusFeed::PowerCommand command = context->parts.feed->begin_command();
  auto beginning = begin_record(*context, call, "power.window_open", "window", *order);
  auto unrecorded = co_await std::move(beginning);
  if (unrecorded) co_return *std::move(unrecorded);
  auto sending = command_gateway(*context, command_to(call, "/operator/power/window/open", *order),
                                 context->options.command_timeout);
  ReplyOrAnswer reply = co_await std::move(sending);
  CommandRecord record("power.window_open", "window");
  record.detail = *order;
  record.outcome = outcome_of(reply ? reply->status : reply.error().status);
  if (reply && reply->ok()) {
    auto answering = opened(*context, call, *order, reply->body, std::move(record));
    co_return co_await std::move(answering);
  }
  ApiAnswer answer;
  if (reply) {
    auto refusing = refused_open(*context, call, *std::move(reply));
    answer = co_await std::move(refusing);
  } else {
    answer = std::move(reply.error());
  }
  auto recording = recorded(*context, call, std::move(record), std::move(answer));
  co_return co_await std::move(recording);
}

/// None: the window that is open is the one to close.
std::optional<ApiAnswer> not_closable(const RouteContext& context, const ApiCall& call,
                                      PowerEvidence& power, const std::string& id) {
  if (power.failure) return std::move(power.failure);
  if (!power.state) return std::nullopt;  // madre decides
  if (power.state->windows.empty()) {
    return refusal(404, "no_open_window", "No window is open");
  }
  if (id.empty() || id == power.state->windows.front().id) return std::nullopt;
  return conflict(call, view_of(context, call, power), "window_mismatch",
                  "Another window is open than the one to close");
}

Task<ApiAnswer> closed(const RouteContext& context, const ApiCall& call, const json& answer,
                       CommandRecord record) {
  auto reading = current_power(context, call, vx11::Deadline());
  const PowerEvidence power = co_await std::move(reading);
  record.event_type = "power.window_closed";
  record.summary = call.caller.principal + " closed the window";
  ApiAnswer shown(view_after(context, call, power, answer));
  auto recording = recorded(context, call, std::move(record), std::move(shown));
  co_return co_await std::move(recording);
}

Task<ApiAnswer> send_close(const RouteContext& context, const ApiCall& call, std::string id,
                           const json& body) {
  json order = json::object();
  if (!id.empty()) order["window_id"] = id;
  auto beginning =
      begin_record(context, call, "power.window_close", id.empty() ? "window" : id, order);
  auto unrecorded = co_await std::move(beginning);
  if (unrecorded) co_return *std::move(unrecorded);
  auto sending = command_gateway(context, command_to(call, "/operator/power/window/close", order),
                                 context.options.command_timeout);
  ReplyOrAnswer reply = co_await std::move(sending);
  CommandRecord record("power.window_close", id.empty() ? "window" : id);
  record.detail["window_id"] = id;
  if (member(body, "reason").is_string()) record.detail["reason"] = body["reason"];
  record.outcome = outcome_of(reply ? reply->status : reply.error().status);
  if (reply && reply->ok()) {
    auto answering = closed(context, call, reply->body, std::move(record));
    co_return co_await std::move(answering);
  }
  ApiAnswer answer = reply ? command_refusal(*std::move(reply)) : std::move(reply.error());
  auto recording = recorded(context, call, std::move(record), std::move(answer));
  co_return co_await std::move(recording);
}

Task<ApiAnswer> close_window(SharedContext context, const ApiCall& call) {
  auto checking = off_for(*context, call, Scope::power_write, "power.window_close", "window");
  auto off = co_await std::move(checking);
  if (off) co_return *std::move(off);
  auto body = json_object(call);
  if (!body) co_return std::move(body.error());
  auto id = window_choice(*body);
  if (!id) co_return std::move(id.error());
  const StatusFeed::PowerCommand command = context->parts.feed->begin_command();
  const auto until =
      vx11::Deadline::after(context->options.clock.now(), context->options.command_timeout);
  auto reading = current_power(*context, call, until);
  PowerEvidence power = co_await std::move(reading);
  if (auto refused = not_closable(*context, call, power, *id)) co_return *std::move(refused);
  // By id, so that a window which another caller opens meanwhile stays open.
  if (power.state) *id = power.state->windows.front().id;
  auto closing = send_close(*context, call, *id, *body);
  co_return co_await std::move(closing);
}

}  // namespace

void add_window_routes(ApiRoutes& routes, const SharedContext& context) {
  const vx11::Scopes reading{Scope::power_read};
  routes.push_back(route_of(context, "GET", "/chat/window/status", &show_window, reading));
  routes.push_back(route_of(context, "POST", "/chat/window/open", &open_window));
  routes.push_back(route_of(context, "POST", "/chat/window/close", &close_window));
}

}  // namespace backend
