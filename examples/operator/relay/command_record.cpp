#include "operator/relay/command_record.hpp"

#include <utility>

#include <fmt/format.h>

#include "operator/api/api_answers.hpp"
#include "operator/api/bounded_json.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Task;

Severity severity_of(std::string_view outcome) noexcept {
  if (outcome == "failed") return Severity::error;
  return outcome == "refused" || outcome == "pending" ? Severity::warn : Severity::info;
}

NewEvent event_of(const CommandRecord& record, const ApiCall& call) {
  NewEvent event;
  event.type = record.event_type.empty() ? record.action + "_" + record.outcome : record.event_type;
  event.severity = severity_of(record.outcome);
  event.module = record.module;
  event.summary = record.summary.empty()
                      ? fmt::format("{} {}: {} by {}", record.action, record.object, record.outcome,
                                    call.caller.principal)
                      : record.summary;
  event.correlation_id = call.correlation_id;
  event.payload = record.detail;
  event.payload["action"] = record.action;
  event.payload["object"] = record.object;
  event.payload["outcome"] = record.outcome;
  event.payload["principal"] = call.caller.principal;
  return event;
}

AuditEntry entry_of(CommandRecord&& record, const ApiCall& call) {
  AuditEntry entry(call.caller, std::move(record.action), std::move(record.object),
                   call.correlation_id);
  entry.outcome = std::move(record.outcome);
  entry.detail = std::move(record.detail);
  return entry;
}

PolicyRefusal policy_refusal(bool read_only, vx11::Scope scope, std::string_view object) {
  PolicyRefusal why;
  why.service = object;
  if (read_only) {
    why.message = "The backend is read-only.";
    why.reason = "read_only";
    why.recommended_action = "Use a backend whose setting read_only is off.";
  } else {
    const std::string name(vx11::to_string(scope));
    why.message = "Your credential may look but not act.";
    why.reason = "missing_scope";
    why.recommended_action = "Log in with a token that has the scope " + name + ".";
  }
  return why;
}

bool is_object(const vx11::HttpResponse& answer) {
  const std::optional<json> body = parse_bounded(answer.body);
  return body && body->is_object();
}

/// Whether the gateway may have carried out a command that it has not answered: it was lost after
/// it was sent, came too late, or was answered by something else.
bool may_have_been_received(const vx11::Result<vx11::HttpResponse>& answer) {
  if (answer) {
    const bool is_done = answer->status < 300;
    const bool is_of_proxy = answer->status == 502 || answer->status == 504;
    return (is_done || is_of_proxy) && !is_object(*answer);
  }
  switch (answer.error().code) {
    case vx11::Errc::timeout:
    case vx11::Errc::invalid_reply:
    case vx11::Errc::too_large:
    case vx11::Errc::cancelled:
      return true;
    case vx11::Errc::unreachable:  // in the words of vx11's client; others have none for it
      return answer.error().detail.ends_with("before an answer");
    default:
      return false;
  }
}

/// 504 `pending` for such a command.
ApiAnswer unknown_outcome(const vx11::Result<vx11::HttpResponse>& answer) {
  json body = {{"status", "pending"},
               {"module", kGatewayModule},
               {"reason", answer ? "invalid_reply" : failure_reason(answer.error().code)},
               {"message",
                "The gateway has not answered; the command may have been carried out. Look at the "
                "state before you repeat it."}};
  return ApiAnswer(504, std::move(body));
}

/// Of madre's `detail`, which is a text, or absent.
std::string message_of(const json& body) {
  constexpr std::size_t kMax = 500;
  std::string text = text_member(body, "detail", text_member(body, "message"));
  return text.empty() || text.size() > kMax ? "madre refuses the command" : text;
}

}  // namespace

bool is_read_only(const RouteContext& context, const Caller& caller, vx11::Scope scope) noexcept {
  return context.options.read_only || !caller.scopes.allow(scope);
}

/// An audit that cannot be written does not change the refusal, which changes nothing.
Task<std::optional<ApiAnswer>> off_for(const RouteContext& context, const ApiCall& call,
                                       vx11::Scope scope, std::string action, std::string object) {
  if (!is_read_only(context, call.caller, scope)) co_return std::nullopt;
  const PolicyRefusal why = policy_refusal(context.options.read_only, scope, object);
  AuditEntry entry(call.caller, std::move(action), std::move(object), call.correlation_id);
  entry.outcome = "refused";
  entry.detail["reason"] = why.reason;
  if (!context.options.read_only) entry.detail["scope"] = vx11::to_string(scope);
  auto auditing = context.parts.audit->add(std::move(entry));
  co_await std::move(auditing);
  co_return off_by_policy(why);
}

std::string_view outcome_of(int status) noexcept {
  if (status < 300) return "done";
  if (status == 504) return "pending";
  return status < 500 ? "refused" : "failed";
}

Task<bool> store_record(const RouteContext& context, const ApiCall& call, CommandRecord record) {
  const NewEvent event = event_of(record, call);
  auto auditing = context.parts.audit->add(entry_of(std::move(record), call));
  const vx11::Result<void> audited = co_await std::move(auditing);
  auto adding = context.parts.events->add(event);
  const vx11::Result<std::uint64_t> added = co_await std::move(adding);
  if (added) context.parts.feed->report(event);
  co_return audited.has_value();
}

Task<ApiAnswer> recorded(const RouteContext& context, const ApiCall& call, CommandRecord record,
                         ApiAnswer answer) {
  const std::string outcome = record.outcome;
  auto storing = store_record(context, call, std::move(record));
  const bool stored = co_await std::move(storing);
  if (stored || answer.status >= 500) co_return answer;
  co_return service_offline("database", "storage",
                            "The command is " + outcome + ", but the audit cannot be written");
}

ApiAnswer command_refusal(GatewayReply reply) {
  const bool is_policy = text_member(reply.body, "status") == "OFF_BY_POLICY";
  if (reply.status >= 500 || is_policy) return passed_on(std::move(reply));
  if (reply.status == 422 && member(reply.body, "detail").is_array()) {
    return passed_on(std::move(reply));
  }
  const bool is_gateways = member(reply.body, "error").is_string();
  ApiAnswer answer = is_gateways
                         ? ApiAnswer(reply.status, std::move(reply.body))
                         : refusal(reply.status, "refused_by_madre", message_of(reply.body));
  if (!reply.retry_after.empty()) answer.headers.add("Retry-After", reply.retry_after);
  return answer;
}

Task<std::optional<ApiAnswer>> begin_record(const RouteContext& context, const ApiCall& call,
                                            std::string action, std::string object, json detail) {
  AuditEntry entry(call.caller, std::move(action), std::move(object), call.correlation_id);
  entry.outcome = "pending";
  entry.detail = std::move(detail);
  auto auditing = context.parts.audit->add(std::move(entry));
  const vx11::Result<void> audited = co_await std::move(auditing);
  if (audited) co_return std::nullopt;
  co_return service_offline("database", "storage",
                            "The audit cannot be written, so the command was not sent");
}

Task<ReplyOrAnswer> command_gateway(const RouteContext& context, GatewayRequest request,
                                    vx11::Duration limit) {
  const auto deadline = vx11::Deadline::after(context.options.clock.now(), limit);
  auto sending = context.parts.gateway->send(std::move(request), deadline);
  vx11::Result<vx11::HttpResponse> answer = co_await std::move(sending);
  if (may_have_been_received(answer)) co_return tl::unexpected(unknown_outcome(answer));
  co_return read_reply(std::move(answer));
}

}  // namespace backend
