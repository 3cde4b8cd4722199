#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "json/scan.hpp"
#include "operator/power_answers.hpp"
#include "power/command_verdict.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

constexpr std::string_view to_json(CommandOutcome outcome) noexcept {
  if (outcome == CommandOutcome::not_known) return "null";
  return outcome == CommandOutcome::done ? "true" : "false";
}

enum Said : std::size_t { executed, steps };
/// `executed` is replaced, `steps` is kept.
constexpr std::array<std::string_view, 2> kSaid = {"executed", "steps"};
constexpr std::size_t kKept = 1;

/// The answer with what became of the command.
std::string with_verdict(const MadreReply& reply, const CommandVerdict& verdict) {
  const auto parts = json::split_object(reply.json, kSaid, kKept);
  if (!parts) return reply.json;
  const json::Member& list = parts->found.members[executed];
  json::Writer ours;
  ours.open('{').key("executed").raw(to_json(verdict.outcome));
  if (verdict.failed_steps > 0) {
    ours.key("failed_steps").integer(static_cast<std::int64_t>(verdict.failed_steps));
  }
  const bool has_steps = list.kind == json::Kind::array && list.text.size() > 2;
  if (has_steps && parts->found.members[steps].kind == json::Kind::absent) {
    ours.key("steps").raw(list.text);
  }
  ours.close('}');
  return json::merge_objects(std::move(ours).take(), parts->rest);
}

std::string with_execution(const MadreReply& reply) {
  return with_verdict(reply, verdict_of(reply));
}

/// A window that madre has opened or closed is her own answer, unchanged.
std::string with_shortfall(const MadreReply& reply) {
  const CommandVerdict verdict = verdict_of(reply);
  return verdict.outcome == CommandOutcome::done ? reply.json : with_verdict(reply, verdict);
}

HttpResponse answer(const Context& context, const Call& call, Result<MadreReply> reply,
                    std::string (*explain)(const MadreReply&)) {
  call.report_outcome(outcome_word(reply));
  if (reply && reply->pending()) {
    reply->json = json::merge_objects(reply->json, R"({"executed":null})");
  } else if (reply && reply->ok()) {
    reply->json = explain(*reply);
  }
  return passed_on(context, std::move(reply));
}

}  // namespace

HttpResponse command_answer(const Context& context, const Call& call, Result<MadreReply> reply) {
  return answer(context, call, std::move(reply), &with_shortfall);
}

HttpResponse service_answer(const Context& context, const Call& call, Result<MadreReply> reply) {
  return answer(context, call, std::move(reply), &with_execution);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
