#include <array>
#include <optional>
#include <string_view>

#include "completions/member_rules.hpp"
#include "completions/text_completion.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"
#include "json/writer.hpp"
#include "router/message_json.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

using json::Kind;
using json::Member;

constexpr std::array<std::string_view, 12> kSame = {
    "model", "stream",     "stream_options", "user", "metadata",         "temperature",
    "top_p", "max_tokens", "stop",           "seed", "presence_penalty", "frequency_penalty"};

constexpr std::array<std::string_view, 1> kRead = {"prompt"};

constexpr std::array<Neutral, 5> kNeutral = {
    {{"n", "1"}, {"best_of", "1"}, {"echo", "false"}, {"suffix", R"("")"}, {"logit_bias", "{}"}}};

constexpr MemberRules kRules = {
    .read = kRead,
    .same = kSame,
    .neutral = kNeutral,
    .advice = " has no counterpart in the chat that answers /v1/completions; leave it out"};

/// `prompt` as the text of one message.
/// \return none unless it is one text, alone or in a list
std::optional<std::string> text_of(const Member& prompt) {
  if (prompt.has_lone_surrogate) return std::nullopt;
  if (prompt.kind == Kind::string) return std::string(prompt.text);
  if (prompt.kind != Kind::array) return std::nullopt;
  json::ArrayItems items(prompt.text);
  const auto only = items.next();
  if (!only || items.next() || !only->starts_with('"')) return std::nullopt;
  const std::string alone = R"({"prompt":)" + std::string(*only) + '}';
  const auto scanned = json::scan_object(alone, kRead);
  return scanned ? text_of(scanned->members[0]) : std::nullopt;
}

Result<std::string, Refusal> translated(const std::string& body) {
  const auto scanned = json::scan_object(body, kRead);
  if (!scanned) {
    return tl::unexpected(Refusal{"", "the body is not a JSON object: " + scanned.error().detail});
  }
  json::Writer json(body.size() + 64);
  json.open('{');
  json::ObjectItems members(body);
  while (const auto member = members.next()) {
    if (auto refused = copy_member(json, *member, kRules)) return tl::unexpected(*refused);
  }
  const auto prompt = text_of(scanned->members[0]);
  if (!prompt || prompt->empty()) {
    return tl::unexpected(Refusal{"prompt",
                                  "prompt must be one text of valid Unicode; several of them and "
                                  "lists of tokens are not served"});
  }
  json.key("messages").open('[');
  write_message(json, "user", *prompt);
  return std::move(json.close(']').close('}')).take();
}

}  // namespace

Result<CompletionCall, HttpResponse> read_text_completion_call(const std::string& body,
                                                               SessionMember session_member) {
  const auto chat = translated(body);
  if (!chat) return tl::unexpected(refusal_response(chat.error()));
  auto call = read_completion_call(*chat, session_member);
  if (call) call->style = AnswerStyle::text_completion;
  return call;
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
