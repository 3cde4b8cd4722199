#include "gateway/telemetry/request_lines.hpp"

#include <array>

#include "gateway/telemetry/request_logs.hpp"

namespace gateway {

namespace {

constexpr std::size_t kLongestMethod = 32;

/// Whether the action is more than a look, and was not refused by the request's head.
bool is_noted(const vx11::RequestRecord& record, std::string_view action) noexcept {
  return record.is_admitted && !action.empty() && action != "session.read";
}

/// What the client sent is no part of a line, but for the method, and the object of an action.
std::array<LogField, 9> fields_of(const vx11::RequestRecord& record, std::string_view principal,
                                  std::string_view reason) {
  return {{{"principal", principal},
           {"reason", reason},
           {"error", record.error},
           {"status", record.status},
           {"method", record.method.substr(0, kLongestMethod)},
           {"route", record.route},
           {"peer", record.peer},
           {"request_id", record.request_id},
           {"trace_id", record.trace_id}}};
}

void note_action(Log& log, const vx11::RequestRecord& record, std::string_view action) {
  const bool is_of_session = action.starts_with("session.");  // an id stands in the audit log alone
  log.note(LogEvent::operator_action, {{"action", action},
                                       {"outcome", outcome_of(record)},
                                       {"object", is_of_session ? "" : object_of(record)},
                                       {"principal", record.principal},
                                       {"error", record.error},
                                       {"status", record.status},
                                       {"method", record.method.substr(0, kLongestMethod)},
                                       {"route", record.route},
                                       {"peer", record.peer},
                                       {"request_id", record.request_id},
                                       {"trace_id", record.trace_id}});
}

void note_broken_stream(Log& log, const vx11::RequestRecord& record) {
  log.note(LogEvent::request_stream_broken, {{"upstream", record.source},
                                             {"principal", record.principal},
                                             {"status", record.status},
                                             {"method", record.method},
                                             {"route", record.route},
                                             {"peer", record.peer},
                                             {"request_id", record.request_id},
                                             {"trace_id", record.trace_id}});
}

}  // namespace

LogEvent log_event_of_status(int status) noexcept {
  switch (status) {
    case 401:
      return LogEvent::request_unauthenticated;
    case 403:
      return LogEvent::request_forbidden;
    case 404:
    case 405:
      return LogEvent::request_not_found;
    case 413:
    case 414:
    case 431:
      return LogEvent::request_too_large;
    case 429:
      return LogEvent::request_rate_limited;
    case 503:
      return LogEvent::request_unavailable;
    default:
      return status < 500 ? LogEvent::request_invalid : LogEvent::request_failed;
  }
}

std::string_view outcome_of(const vx11::RequestRecord& record) noexcept {
  if (!record.outcome.empty()) return record.outcome;
  if (record.status < 400) return "done";
  const bool is_guess = record.status == 429 && record.error == "too_many_attempts";
  const bool is_refused = record.status == 401 || record.status == 403 || is_guess;
  return !record.is_admitted && is_refused ? "refused" : "failed";
}

void note_request(Log& log, const vx11::RequestRecord& record,
                  const std::optional<Refusal>& refusal, std::string_view action) {
  if (is_noted(record, action)) note_action(log, record, action);
  if (record.end == vx11::AnswerEnd::error) note_broken_stream(log, record);
  if (record.status < 400 || (record.status < 500 && is_noted(record, action))) return;
  const LogEvent event = refusal ? log_event_of(refusal->kind) : log_event_of_status(record.status);
  const std::string_view principal = refusal ? refusal->principal : record.principal;
  log.note(event, fields_of(record, principal, refusal ? refusal->reason : std::string_view()));
}

}  // namespace gateway
