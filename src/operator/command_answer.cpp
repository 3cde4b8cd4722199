#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "json/scan.hpp"
#include "json/values.hpp"
#include "operator/power_answers.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// What became of a command, as far as madre says.
enum class Execution : unsigned char { done, not_done, not_known };

constexpr std::string_view to_json(Execution execution) noexcept {
  if (execution == Execution::not_known) return "null";
  return execution == Execution::done ? "true" : "false";
}

enum Said : std::size_t { executed, status, apply, steps };
/// `executed` is replaced, the others are kept.
constexpr std::array<std::string_view, 4> kSaid = {"executed", "status", "apply", "steps"};
constexpr std::size_t kKept = 3;

template <std::size_t N>
bool is_any(const std::array<std::string_view, N>& words, std::string_view word) noexcept {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool says_failed(const json::Member& status) noexcept {
  static constexpr std::array<std::string_view, 5> kWords = {"failed", "error", "partial",
                                                             "rejected", "timeout"};
  return status.kind == json::Kind::string && is_any(kWords, status.text);
}

bool says_later(const json::Member& status) noexcept {
  static constexpr std::array<std::string_view, 4> kWords = {"pending", "queued", "accepted",
                                                             "scheduled"};
  return status.kind == json::Kind::string && is_any(kWords, status.text);
}

/// A step is one program that madre ran: it has an exit code, under one of several names.
bool has_failed(std::string_view step) {
  static constexpr std::array<std::string_view, 6> kNames = {"rc", "returncode", "exit_code",
                                                             "ok", "status",     "error"};
  const auto scanned = json::scan_object(step, kNames);
  if (!scanned) return false;
  const auto& found = scanned->members;
  for (std::size_t code = 0; code < 3; ++code) {
    if (found[code].kind == json::Kind::number && found[code].text != "0") return true;
  }
  const bool has_error = found[5].kind == json::Kind::string && !found[5].text.empty();
  return found[3].text == "false" || says_failed(found[4]) || has_error;
}

std::size_t failed_steps(std::string_view list) {
  std::size_t failed = 0;
  json::ArrayItems items(list);
  while (const auto step = items.next()) {
    if (has_failed(*step)) ++failed;
  }
  return failed;
}

bool is_plan(const json::Scanned& said) noexcept {
  return said.members[status].text == "plan" || said.members[apply].text == "false";
}

Execution execution_of(int code, const json::Scanned& said, std::size_t failed) {
  const bool denies = said.members[executed].text == "false";
  if (is_plan(said) || denies || failed > 0 || says_failed(said.members[status])) {
    return Execution::not_done;
  }
  constexpr int kAccepted = 202;
  const bool is_later = code == kAccepted || says_later(said.members[status]);
  return is_later ? Execution::not_known : Execution::done;
}

/// The answer with what became of the command.
std::string with_execution(const MadreReply& reply) {
  const auto parts = json::split_object(reply.json, kSaid, kKept);
  if (!parts) return reply.json;
  const json::Member& list = parts->found.members[executed];
  const std::size_t failed = failed_steps(list.text);
  json::Writer ours;
  ours.open('{').key("executed").raw(to_json(execution_of(reply.status, parts->found, failed)));
  if (failed > 0) ours.key("failed_steps").integer(static_cast<std::int64_t>(failed));
  const bool has_steps = list.kind == json::Kind::array && list.text.size() > 2;
  if (has_steps && parts->found.members[steps].kind == json::Kind::absent) {
    ours.key("steps").raw(list.text);
  }
  ours.close('}');
  return json::merge_objects(std::move(ours).take(), parts->rest);
}

/// A window that madre only planned to open or close.
std::string with_plan(const MadreReply& reply) {
  const auto said = json::scan_object(reply.json, kSaid);
  return said && is_plan(*said) ? with_execution(reply) : reply.json;
}

HttpResponse answer(const Context& context, Result<MadreReply> reply,
                    std::string (*explain)(const MadreReply&)) {
  if (reply && reply->pending()) {
    reply->json = json::merge_objects(reply->json, R"({"executed":null})");
  } else if (reply && reply->ok()) {
    reply->json = explain(*reply);
  }
  return passed_on(context, std::move(reply));
}

}  // namespace

HttpResponse command_answer(const Context& context, Result<MadreReply> reply) {
  return answer(context, std::move(reply), &with_plan);
}

HttpResponse service_answer(const Context& context, Result<MadreReply> reply) {
  return answer(context, std::move(reply), &with_execution);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
