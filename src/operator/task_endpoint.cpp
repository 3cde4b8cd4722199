#include <vx11/session.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "json/scan.hpp"
#include "operator/answers.hpp"
#include "operator/body_fields.hpp"
#include "operator/endpoints.hpp"
#include "operator/relay.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::size_t kMaxWordBytes = 256;

enum Field : std::size_t {
  task_type,
  payload,
  intent_type,
  session_id,
  user_id,
  metadata,
  provider_hint
};
constexpr std::array<std::string_view, 7> kNames = {
    "task_type", "payload", "intent_type", "session_id", "user_id", "metadata", "provider_hint"};

/// A task as the operator gave it. Views into the request's body, which the fields keep.
struct OperatorTask {
  std::string_view type = {};
  std::string_view payload = {};
  std::string_view intent = {};
  std::string session = {};
  std::string_view user = "local";
  bool has_known_user = false;  ///< `user` is who sent the task, whatever the payload says.
  std::string_view metadata = {};
  std::string_view provider = {};
};

OperatorTask read_task(BodyFields& fields) {
  OperatorTask task;
  task.type = fields.required_text(task_type);
  task.payload = fields.optional_object(payload);
  task.intent = fields.optional_word(intent_type, kMaxWordBytes);
  task.session = fields.optional_word(session_id, kMaxWordBytes);
  const std::string_view user = fields.optional_word(user_id, kMaxWordBytes);
  if (!user.empty()) task.user = user;
  task.metadata = fields.optional_object(metadata);
  task.provider = fields.optional_word(provider_hint, kMaxWordBytes);
  if (task.session.empty()) task.session = make_uuid();
  return task;
}

/// The payload without the user that it states, if another is known.
std::string stated_payload(const OperatorTask& task) {
  static constexpr std::array<std::string_view, 1> kUser = {"user_id"};
  const auto split = json::split_object(task.payload, kUser);
  return split && task.has_known_user ? split->rest : std::string(task.payload);
}

/// The payload, with the session, user, intent and metadata that it does not state itself.
std::string payload_of(const OperatorTask& task) {
  static constexpr std::array<std::string_view, 4> kOurs = {"session_id", "user_id", "intent_type",
                                                            "metadata"};
  const auto own = json::scan_object(task.payload, kOurs);
  const auto lacks = [&](std::size_t member) {
    return own && own->members[member].kind == json::Kind::absent;
  };
  json::Writer added(256);
  added.open('{');
  if (lacks(0)) added.key("session_id").string(task.session);
  if (lacks(1) || task.has_known_user) added.key("user_id").string(task.user);
  if (lacks(2) && !task.intent.empty()) added.key("intent_type").string(task.intent);
  if (lacks(3) && task.metadata != "{}") added.key("metadata").raw(task.metadata);
  added.close('}');
  return json::merge_objects(stated_payload(task), std::move(added).take());
}

std::string json_of(const OperatorTask& task) {
  json::Writer json(512);
  json.open('{').key("task_type").string(task.type).key("payload").raw(payload_of(task));
  json.key("source").string("operator").key("provider_hint");
  task.provider.empty() ? json.raw("null") : json.string(task.provider);
  json.close('}');
  return std::move(json).take();
}

HttpResponse task_offline(std::string_view module, std::string_view reason,
                          const std::string& session, Duration retry_after) {
  json::Writer json;
  begin_offline(json, module, reason, "Task service temporarily unavailable");
  json.key("session_id").string(session).close('}');
  return offline_answer(std::move(json).take(), retry_after);
}

/// The upstream's members after our `session_id`, or why there are none.
HttpResponse answer_to(Relayed& relayed, const RouterTarget& target, const std::string& session) {
  static constexpr std::array<std::string_view, 1> kOurs = {"session_id"};
  if (!relayed) {
    const RelayFailure& why = relayed.error();
    return task_offline(target.name, why.reason, session, why.retry_after);
  }
  const auto theirs = json::split_object(relayed->json, kOurs);
  json::Writer ours;
  ours.open('{').key("session_id").string(session).close('}');
  HttpResponse answer = json_answer(
      relayed->status, json::merge_objects(std::move(ours).take(), theirs ? theirs->rest : "{}"));
  add_retry_after(answer, relayed->retry_after);
  return answer;
}

}  // namespace

Task<HttpResponse> send_task(const Context& context, const Call& call) {
  auto fields = BodyFields::read(call.request.body, kNames);
  if (!fields) co_return std::move(fields.error());
  OperatorTask task = read_task(*fields);
  const std::string* const sender = context.user_of(call.principal.get());
  if (sender != nullptr) task.user = *sender;
  task.has_known_user = sender != nullptr;
  if (!fields->are_good()) co_return fields->complaint();
  const auto& target = context.options.tasks;
  if (!target) co_return task_offline(context.options.primary, "not_configured", task.session, {});
  const HttpRequest request = relay_request("POST", *target, "/switch/task", json_of(task), call);
  auto relaying = relay(context, *target, request, call.deadline);
  Relayed relayed = co_await std::move(relaying);
  co_return answer_to(relayed, *target, task.session);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
