#include <algorithm>
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

bool is_refusal(const json::Member& status) noexcept {
  static constexpr std::array<std::string_view, 4> kWords = {"rejected", "refused", "failed",
                                                             "error"};
  return status.kind == json::Kind::string &&
         std::find(kWords.begin(), kWords.end(), status.text) != kWords.end();
}

bool is_id(const json::Member& id) noexcept {
  return (id.kind == json::Kind::string && !id.text.empty()) || id.kind == json::Kind::number;
}

/// madre has the intent: her members with ours, which say what she accepted.
std::string accepted_json(const std::string& said, std::string_view correlation_id) {
  static constexpr std::array<std::string_view, 5> kOurs = {"intent_id", "status", "queued",
                                                            "assigned_to", "correlation_id"};
  const auto theirs = json::split_object(said, kOurs);
  if (!theirs) return said;
  const json::Member& id = theirs->found.members[0];
  const json::Member& status = theirs->found.members[1];
  const bool is_queued = !is_refusal(status);
  json::Writer ours;
  ours.open('{').key("intent_id").string(is_id(id) ? id.text : correlation_id);
  ours.key("status").string(is_queued ? std::string_view("pending") : status.text);
  ours.key("queued").boolean(is_queued).key("assigned_to").string("madre");
  if (status.kind == json::Kind::string) ours.key("madre_status").string(status.text);
  ours.key("correlation_id").string(correlation_id).close('}');
  return json::merge_objects(std::move(ours).take(), theirs->rest);
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
    co_return relay_offline(madre, relayed.error(),
                            "The intent was not accepted; madre is temporarily unavailable");
  }
  if (relayed->ok()) relayed->json = accepted_json(relayed->json, call.request_id);
  HttpResponse answer = json_answer(relayed->status, std::move(relayed->json));
  add_retry_after(answer, relayed->retry_after);
  co_return answer;
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
