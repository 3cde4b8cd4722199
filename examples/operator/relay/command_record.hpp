#pragma once

/// \file
/// Commands that change something: whether they are allowed, and what is recorded. Internal.

#include <vx11/scope.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "operator/relay/route_context.hpp"

namespace backend {

/// A command with its outcome, for the audit and the events.
struct CommandRecord {
  CommandRecord(std::string what, std::string on)
      : action(std::move(what)), object(std::move(on)) {}

  std::string action;  ///< "power.window_open", "service.restart", "breaker.isolate".
  std::string object;  ///< A service, a window, a breaker.
  std::string outcome = {};
  std::string module = "madre";
  std::string event_type = {};  ///< Empty: `action` and the outcome.
  std::string summary = {};
  nlohmann::json detail = nlohmann::json::object();
};

/// 403 `OFF_BY_POLICY` if the backend is read-only or the caller lacks `scope`; the audit then has
/// an entry of `action` on `object`.
vx11::Task<std::optional<ApiAnswer>> off_for(const RouteContext& context, const ApiCall& call,
                                             vx11::Scope scope, std::string action,
                                             std::string object);
bool is_read_only(const RouteContext& context, const Caller& caller, vx11::Scope scope) noexcept;

/// "done", "pending", "refused" or "failed", by the status of the gateway's answer.
std::string_view outcome_of(int status) noexcept;

/// Stores the entry of a command that is about to be sent, with the outcome "pending": whatever
/// happens to this program, it is known that it was sent. The entry with its outcome has the same
/// correlation id.
/// \return none: send it; else 503, because the audit cannot be written
vx11::Task<std::optional<ApiAnswer>> begin_record(const RouteContext& context, const ApiCall& call,
                                                  std::string action, std::string object,
                                                  nlohmann::json detail);

/// Sends a command; its caller's leaving does not end it.
/// \param limit how long, in all
/// \return 504 `pending` if the gateway may have carried it out without answering
vx11::Task<ReplyOrAnswer> command_gateway(const RouteContext& context, GatewayRequest request,
                                          vx11::Duration limit);

/// Stores the entry of the audit and the event, in this order; answer the caller after that. The
/// event is reported to the watcher.
/// \return whether the audit has it
vx11::Task<bool> store_record(const RouteContext& context, const ApiCall& call,
                              CommandRecord record);

/// Stores the record, then returns `answer`; 503 in its place if the audit cannot be written: what
/// is acknowledged is on disk.
vx11::Task<ApiAnswer> recorded(const RouteContext& context, const ApiCall& call,
                               CommandRecord record, ApiAnswer answer);

/// A refusal by madre or the gateway in the form of the API: 422 with its list of mistakes as it
/// is, others as `{"error","status_code","message"}`.
ApiAnswer command_refusal(GatewayReply reply);

}  // namespace backend
