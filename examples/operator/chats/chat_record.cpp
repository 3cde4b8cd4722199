#include "operator/chats/chat_record.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "operator/api/bounded_json.hpp"
#include "operator/chats/chat_answer.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Task;

/// Outcomes that took no call have no latency.
bool was_sent(std::string_view outcome) noexcept {
  return outcome != "circuit_open" && outcome != "asleep" && outcome != "unsupported";
}

json transcript_metadata(const json& body) {
  json kept = member(body, "metadata");
  for (const char* name : {"provider", "model_used", "latency_ms", "degraded"}) {
    if (!member(body, name).is_null()) kept[name] = body[name];
  }
  return kept;
}

std::string first_choice(const json& metadata) {
  const json& attempts = member(metadata, "attempts");
  if (!attempts.is_array() || attempts.empty()) return "switch";
  return text_member(attempts.front(), "name", "switch");
}

}  // namespace

double ChatRecord::elapsed_ms() const {
  return std::chrono::duration<double, std::milli>(clock_.now() - begun_).count();
}

NewEvent ChatRecord::event(std::string type, Severity severity) const {
  NewEvent made;
  made.type = std::move(type);
  made.severity = severity;
  made.correlation_id = question_.correlation_id;
  made.payload["principal"] = question_.caller.principal;
  return made;
}

/// A member of the question that is a text.
std::string ChatRecord::asked(const char* name) const {
  const std::optional<json> body = parse_bounded(question_.body);
  return body ? text_member(*body, name) : std::string();
}

void ChatRecord::count_attempts(const json& attempts) const {
  if (!attempts.is_array()) return;
  for (const json& each : attempts) {
    const std::string outcome = text_member(each, "outcome");
    const json& took = member(each, "elapsed_ms");
    if (!took.is_number() || !was_sent(outcome)) continue;
    parts_.feed->latencies().add(text_member(each, "name"), "chat", wall_clock_.now(),
                                 took.get<double>(), outcome);
  }
}

Task<bool> ChatRecord::store(std::string session, std::string text, json metadata) {
  Turn turn;
  turn.principal = question_.caller.principal;
  turn.session_id = std::move(session);
  turn.question = asked("message");
  turn.answer = std::move(text);
  turn.metadata = std::move(metadata);
  auto storing = parts_.transcripts->add(std::move(turn));
  const vx11::Result<void> stored = co_await std::move(storing);
  co_return stored.has_value();
}

/// A store that cannot be written does not keep a chat from its answer.
Task<void> ChatRecord::report(NewEvent event) {
  auto adding = parts_.events->add(std::move(event));
  co_await std::move(adding);
}

Task<void> ChatRecord::report_fallback(const json& body) {
  const json& metadata = member(body, "metadata");
  NewEvent seen = event("chat.fallback", Severity::warn);
  seen.module = first_choice(metadata);
  seen.summary =
      fmt::format("A chat was answered by {} in place of {}: {}", text_member(metadata, "source"),
                  seen.module, text_member(metadata, "reason", "no reason is known"));
  for (const char* name : {"source", "reason", "attempts"}) {
    if (!member(metadata, name).is_null()) seen.payload[name] = metadata[name];
  }
  return report(std::move(seen));
}

Task<void> ChatRecord::answered(json& body, std::string text) {
  if (is_replay_) co_return;
  count_attempts(member(member(body, "metadata"), "attempts"));
  auto storing = store(text_member(body, "session_id"), std::move(text), transcript_metadata(body));
  const bool stored = co_await std::move(storing);
  if (!stored) {
    body["degraded"] = true;
    body["metadata"]["session_stored"] = false;
  }
  if (!is_fallback(body)) co_return;
  auto reporting = report_fallback(body);
  co_await std::move(reporting);
}

Task<void> ChatRecord::broke_off(const json& failure, std::string text) {
  if (is_replay_) co_return;
  count_attempts(member(failure, "attempts"));
  NewEvent seen = event("chat.broken_off", Severity::error);
  seen.module = text_member(failure, "module", "tentaculo_link");
  seen.summary = "An answer broke off: " + text_member(failure, "reason", "unknown");
  seen.payload["reason"] = text_member(failure, "reason");
  auto reporting = report(std::move(seen));
  co_await std::move(reporting);
  std::string session = text_member(failure, "session_id", asked("session_id"));
  if (session.empty() || text.empty()) co_return;  // it belongs to no session that is known
  json metadata = {{"complete", false}, {"reason", text_member(failure, "reason")}};
  auto storing = store(std::move(session), std::move(text), std::move(metadata));
  co_await std::move(storing);
}

Task<void> ChatRecord::refused(const ApiAnswer& answer) {
  count_attempts(member(answer.body, "attempts"));
  AuditEntry entry(question_.caller, "chat", asked("session_id"), question_.correlation_id);
  entry.outcome = answer.status < 500 ? "refused" : "failed";
  entry.detail["status_code"] = answer.status;
  const std::string reason = text_member(answer.body, "reason", text_member(answer.body, "error"));
  if (!reason.empty()) entry.detail["reason"] = reason;
  auto auditing = parts_.audit->add(std::move(entry));
  co_await std::move(auditing);
  if (answer.status < 500) co_return;
  NewEvent seen = event("chat.failed", Severity::error);
  seen.module = text_member(answer.body, "module", "tentaculo_link");
  seen.summary = "A chat was not answered: " + (reason.empty() ? "unknown" : reason);
  seen.payload["reason"] = reason;
  auto reporting = report(std::move(seen));
  co_await std::move(reporting);
}

}  // namespace backend
