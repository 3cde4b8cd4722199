#include "gateway/telemetry/event_log.hpp"

#include <utility>

namespace gateway {

namespace {

using Kind = vx11::OperatorEventKind;

/// On the thread that handles the request, between its event and its record.
thread_local std::optional<Refusal> refusal_of_thread = std::nullopt;

bool is_refusal(Kind kind) noexcept {
  switch (kind) {
    case Kind::credential_refused:
    case Kind::host_refused:
    case Kind::cross_site_refused:
    case Kind::content_type_refused:
    case Kind::coding_refused:
    case Kind::scope_missing:
      return true;
    default:
      return false;
  }
}

/// What the event is about, as a field.
std::string_view subject_name(Kind kind) noexcept {
  return kind == Kind::reply_refused ? "upstream" : "component";
}

bool has_status_of(Kind kind, int status) noexcept {
  if (kind == Kind::credential_refused) return status == 401 || status == 403 || status == 429;
  const bool is_of_body = kind == Kind::content_type_refused || kind == Kind::coding_refused;
  return status == (is_of_body ? 415 : 403);
}

}  // namespace

LogEvent log_event_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::credential_refused:
      return LogEvent::auth_credential_refused;
    case Kind::host_refused:
      return LogEvent::request_host_refused;
    case Kind::cross_site_refused:
      return LogEvent::request_cross_site_refused;
    case Kind::content_type_refused:
      return LogEvent::request_content_type_refused;
    case Kind::coding_refused:
      return LogEvent::request_coding_refused;
    case Kind::reply_refused:
      return LogEvent::chat_reply_refused;
    case Kind::session_not_read:
      return LogEvent::session_not_read;
    case Kind::session_not_stored:
      return LogEvent::session_not_stored;
    case Kind::component_degraded:
      return LogEvent::health_component_degraded;
    case Kind::scope_missing:
      return LogEvent::auth_scope_missing;
  }
  return LogEvent::request_invalid;
}

void note_event(Log& log, const vx11::OperatorEvent& event) {
  if (is_refusal(event.kind)) {
    refusal_of_thread = Refusal{event.kind, std::string(event.subject), std::string(event.reason)};
    return;
  }
  log.note(log_event_of(event.kind),
           {{subject_name(event.kind), event.subject}, {"reason", event.reason}});
}

std::optional<Refusal> take_refusal(const vx11::RequestRecord& record) {
  std::optional<Refusal> refusal = std::exchange(refusal_of_thread, std::nullopt);
  if (!refusal || record.is_admitted || !has_status_of(refusal->kind, record.status)) {
    return std::nullopt;
  }
  return refusal;
}

}  // namespace gateway
