#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "json/scan.hpp"
#include "operator/answers.hpp"
#include "operator/body_fields.hpp"
#include "operator/endpoints.hpp"
#include "operator/relay.hpp"
#include "power/command_verdict.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::size_t kMaxNameBytes = 256;
constexpr std::size_t kMaxTextBytes = 1024;

enum Field : std::size_t {
  intent_type,
  target_service,
  target,  ///< An older name of `target_service`.
  dockerfile_path,
  build_context,
  reason
};
constexpr std::array<std::string_view, 6> kNames = {"intent_type",     "target_service", "target",
                                                    "dockerfile_path", "build_context",  "reason"};

/// What to build. Views into the request's body.
struct BuildIntent {
  std::string_view service = {};
  std::string_view dockerfile = {};
  std::string_view context = {};
  std::string_view reason = {};
};

BuildIntent read_intent(BodyFields& fields) {
  BuildIntent intent;
  fields.optional_choice(intent_type, {"build"});
  intent.service = fields.optional_word(target_service, kMaxNameBytes);
  const std::string_view older = fields.optional_word(target, kMaxNameBytes);
  if (intent.service.empty()) intent.service = older;
  if (intent.service.empty() && fields.are_good()) fields.required_text(target_service);
  intent.dockerfile = fields.optional_word(dockerfile_path, kMaxTextBytes);
  intent.context = fields.optional_word(build_context, kMaxTextBytes);
  intent.reason = fields.optional_word(reason, kMaxTextBytes);
  return intent;
}

std::string json_of(const BuildIntent& intent, std::string_view correlation_id) {
  json::Writer json(512);
  json.open('{').key("type").string("build").key("source").string("manifestator");
  json.key("payload").open('{').key("target_service").string(intent.service);
  if (!intent.dockerfile.empty()) json.key("dockerfile_path").string(intent.dockerfile);
  if (!intent.context.empty()) json.key("build_context").string(intent.context);
  if (!intent.reason.empty()) json.key("reason").string(intent.reason);
  json.close('}').key("correlation_id").string(correlation_id).close('}');
  return std::move(json).take();
}

bool is_id(const json::Member& id) noexcept {
  return (id.kind == json::Kind::string && !id.text.empty()) || id.kind == json::Kind::number;
}

enum class Queued : unsigned char { yes, no, not_known };

Queued is_queued(int code, const std::string& said, const json::Member& id,
                 const json::Member& status) {
  constexpr int kAccepted = 202;
  if (reports_failure(said)) return Queued::no;
  const bool has_word = status_word(status) == StatusWord::later;
  return is_id(id) || has_word || code == kAccepted ? Queued::yes : Queued::not_known;
}

/// Our own word, or madre's for an intent that she refused.
std::string_view status_of(Queued queued, const json::Member& status) noexcept {
  if (queued == Queued::yes) return "pending";
  if (queued == Queued::not_known) return "unknown";
  return status_word(status) == StatusWord::bad ? status.text : std::string_view("rejected");
}

void write_queued(json::Writer& json, Queued queued) {
  json.key("queued");
  queued == Queued::not_known ? void(json.raw("null")) : void(json.boolean(queued == Queued::yes));
}

/// madre's answer: her members with ours, which say what she accepted.
std::string with_outcome(const RelayReply& reply, const Call& call) {
  const std::string_view correlation_id = call.request_id;
  static constexpr std::array<std::string_view, 5> kOurs = {"intent_id", "status", "queued",
                                                            "assigned_to", "correlation_id"};
  const auto theirs = json::split_object(reply.json, kOurs);
  if (!theirs) return reply.json;
  const json::Member& id = theirs->found.members[0];
  const json::Member& status = theirs->found.members[1];
  const Queued queued = is_queued(reply.status, reply.json, id, status);
  if (queued != Queued::yes) call.report_outcome(queued == Queued::no ? "refused" : "unknown");
  json::Writer ours;
  ours.open('{').key("intent_id").string(is_id(id) ? id.text : correlation_id);
  ours.key("status").string(status_of(queued, status));
  write_queued(ours, queued);
  ours.key("assigned_to").string("madre");
  if (status.kind == json::Kind::string) ours.key("madre_status").string(status.text);
  ours.key("correlation_id").string(correlation_id).close('}');
  return json::merge_objects(std::move(ours).take(), theirs->rest);
}

/// 504: madre may have accepted the intent.
HttpResponse not_confirmed(const RouterTarget& madre, const RelayFailure& why,
                           std::string_view correlation_id) {
  json::Writer json(512);
  json.open('{').key("status").string("pending").key("module").string(madre.name);
  write_queued(json, Queued::not_known);
  json.key("reason").string(why.reason).key("message");
  json.string("madre has not confirmed the intent and may have accepted it");
  if (why.status != 0) json.key("detail").string("HTTP status " + std::to_string(why.status));
  json.key("correlation_id").string(correlation_id).close('}');
  HttpResponse answer = json_answer(504, std::move(json).take());
  add_retry_after(answer, why.retry_after);
  return answer;
}

HttpResponse not_sent(const RouterTarget& madre, const RelayFailure& why) {
  return relay_offline(madre, why, "The intent was not accepted; madre is temporarily unavailable");
}

}  // namespace

Task<HttpResponse> emit_intent(const Context& context, const Call& call) {
  auto fields = BodyFields::read(call.request.body, kNames);
  if (!fields) co_return std::move(fields.error());
  const BuildIntent intent = read_intent(*fields);
  if (!fields->are_good()) co_return fields->complaint();
  const RouterTarget& madre = *context.options.intents;
  const HttpRequest request =
      relay_request("POST", madre, "/madre/intent", json_of(intent, call.request_id), call);
  auto relaying = relay(context, madre, request, call.deadline);
  Relayed relayed = co_await std::move(relaying);
  if (!relayed) {
    const RelayFailure& why = relayed.error();
    if (why.may_have_arrived) call.report_outcome("pending");
    co_return why.may_have_arrived ? not_confirmed(madre, why, call.request_id)
                                   : not_sent(madre, why);
  }
  if (relayed->ok()) relayed->json = with_outcome(*relayed, call);
  HttpResponse answer = json_answer(relayed->status, std::move(relayed->json));
  add_retry_after(answer, relayed->retry_after);
  co_return answer;
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
