#pragma once

/// \file
/// The endpoints, each a function of an admitted request. Internal.

#include <vx11/streaming.hpp>
#include <vx11/task.hpp>

#include "operator/context.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// A whole answer to a chat, finished and counted: most requests are chats, so they take one
/// coroutine less than the others.
Task<StreamedResponse> answer_chat(const Context& context, const HttpRequest& request,
                                   const HttpAdmission& admission, Deadline deadline);
Task<HttpResponse> show_status(const Context& context, const Call& call);
Task<HttpResponse> show_observation(const Context& context, const Call& call);
Task<HttpResponse> show_vx11_status(const Context& context, const Call& call);
Task<HttpResponse> send_task(const Context& context, const Call& call);
/// A build of a service, for madre.
Task<HttpResponse> emit_intent(const Context& context, const Call& call);
/// Every route of INEE, to hormiguero.
Task<HttpResponse> relay_inee(const Context& context, const Call& call);
Task<HttpResponse> show_session(const Context& context, const Call& call);
Task<HttpResponse> delete_session(const Context& context, const Call& call);
/// The same for servers that can stream: a large session is written in pieces.
Task<StreamedResponse> stream_session(const Context& context, const Call& call);

Task<HttpResponse> show_power_state(const Context& context, const Call& call);
Task<HttpResponse> show_power_status(const Context& context, const Call& call);
Task<HttpResponse> show_power_policies(const Context& context, const Call& call);
Task<HttpResponse> show_solo_madre(const Context& context, const Call& call);
Task<HttpResponse> apply_solo_madre(const Context& context, const Call& call);
Task<HttpResponse> start_service(const Context& context, const Call& call);
Task<HttpResponse> stop_service(const Context& context, const Call& call);
Task<HttpResponse> restart_service(const Context& context, const Call& call);
Task<HttpResponse> open_window(const Context& context, const Call& call);
Task<HttpResponse> close_window(const Context& context, const Call& call);

Task<HttpResponse> show_caller(const Context& context, const Call& call);
Task<HttpResponse> show_breakers(const Context& context, const Call& call);
Task<HttpResponse> isolate_breaker(const Context& context, const Call& call);
Task<HttpResponse> reset_breaker(const Context& context, const Call& call);
Task<HttpResponse> show_objectives(const Context& context, const Call& call);
Task<HttpResponse> show_health(const Context& context, const Call& call);
Task<HttpResponse> show_livez(const Context& context, const Call& call);
Task<HttpResponse> show_readyz(const Context& context, const Call& call);
Task<HttpResponse> show_metrics(const Context& context, const Call& call);

Task<HttpResponse> reload(const Context& context, const Call& call);
Task<HttpResponse> set_log_level(const Context& context, const Call& call);
Task<HttpResponse> revoke(const Context& context, const Call& call);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
