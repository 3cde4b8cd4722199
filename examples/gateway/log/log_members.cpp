#include "gateway/log/log_members.hpp"

namespace gateway {

namespace {

constexpr LogFieldInfo kAccess[] = {
    {"time", "RFC 3339", "When the head of the request was complete."},
    {"request_id", "", "As answered in `X-Request-Id`."},
    {"trace_id", "", "Of the trace that the request belongs to."},
    {"principal", "", "The name of the token or the subject of the JWT, of an admitted request."},
    {"peer", "", "The numeric address of the client."},
    {"method", "", "The method."},
    {"route", "", "The pattern of the route, never a path; none for unknown paths."},
    {"status", "", "The status of the answer."},
    {"duration_ms", "ms", "To the answer, or to the end of its stream."},
    {"bytes_in", "bytes", "Of the body that was read."},
    {"bytes_out", "bytes", "Of the body that was answered."},
    {"upstream", "", "Of a chat: the target that answered."},
    {"attempts", "targets", "Of a chat: how many were asked."},
    {"error", "", "The word of a refusal or an error."},
    {"end", "", "Of a stream: `done`, `error` (an error event, or broken off) or `client_left`."},
};

constexpr LogFieldInfo kAudit[] = {
    {"time", "RFC 3339", "When the head of the request was complete."},
    {"action", "", "What was done: `power.service.stop`, `session.read`, `access` …"},
    {"outcome", "",
     "`done`, `refused` or `failed`; of commands to madre also `planned`, `pending` or "
     "`unknown`."},
    {"by", "", "Of an action without a request: the signal, or the rule of power windows."},
    {"principal", "", "Who; of a refused credential, if its owner is known."},
    {"peer", "", "The numeric address of the client."},
    {"object", "", "The service or session."},
    {"request_id", "", "As answered in `X-Request-Id`."},
    {"method", "", "The method."},
    {"route", "", "The pattern of the route."},
    {"status", "", "The status of the answer."},
    {"error", "", "The word of a refusal or an error."},
    {"reason", "", "Of a refusal: more than the answer says."},
};

}  // namespace

std::span<const LogFieldInfo> access_log_members() noexcept {
  return kAccess;
}

std::span<const LogFieldInfo> audit_log_members() noexcept {
  return kAudit;
}

}  // namespace gateway
