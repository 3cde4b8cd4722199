#include "completions/answers.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <array>
#include <optional>

#include "json/edit.hpp"
#include "json/scan.hpp"
#include "json/values.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

std::string make_id() {
  std::string id = "chatcmpl-" + make_uuid();
  id.erase(std::remove(id.begin() + 9, id.end(), '-'), id.end());
  return id;
}

void write_attempts(json::Writer& json, std::span<const Attempt> attempts) {
  json.key("attempts").open('[');
  for (const Attempt& attempt : attempts) {
    json.open('{').key("name").string(attempt.target);
    json.key("outcome").string(to_string(attempt.outcome));
    if (attempt.http_status != 0) json.key("http_status").integer(attempt.http_status);
    json.key("elapsed_ms").milliseconds(attempt.elapsed).close('}');
  }
  json.close(']');
}

/// The members of an answer that its chunks do not have in common.
constexpr std::array<std::string_view, 3> kOfAnswer = {"choices", "usage", "object"};
constexpr std::array<std::string_view, 4> kOfChoice = {"index", "message", "logprobs",
                                                       "finish_reason"};

/// Whether there is such a name at any depth, also within a string.
/// \param name needs no escaping
bool may_have_member(std::string_view object, std::string_view name) {
  for (std::size_t at = object.find(name); at != std::string_view::npos;
       at = object.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (!object.substr(end).starts_with('"')) continue;
    if (object.substr(json::skip_space(object, end + 1)).starts_with(':')) return true;
  }
  return false;
}

/// \param name needs no escaping
bool has_member(std::string_view object, std::string_view name) {
  if (!may_have_member(object, name)) return false;
  const std::array<std::string_view, 1> wanted = {name};
  const auto scanned = json::scan_object(object, wanted);
  return scanned && scanned->members[0].kind != json::Kind::absent;
}

/// \param name needs no escaping, and `object` has no such member
std::string with_last_member(std::string_view object, std::string_view name,
                             std::string_view value) {
  const std::size_t end = object.rfind('}');
  if (end == std::string_view::npos) return std::string(object);
  const std::size_t before = object.substr(0, end).find_last_not_of(" \t\r\n");
  const bool is_empty = before == std::string_view::npos || object[before] == '{';
  std::string made;
  made.reserve(object.size() + name.size() + value.size() + 4);
  made.append(object.substr(0, end)).append(is_empty ? "\"" : ",\"");
  return made.append(name).append("\":").append(value).append(object.substr(end));
}

bool is_object(std::string_view json) noexcept {
  const std::size_t begin = json::skip_space(json, 0);
  return begin < json.size() && json[begin] == '{';
}

/// Tool calls need an index in chunks.
std::string with_indexes(std::string_view calls) {
  json::Writer json(calls.size() + 64);
  json.open('[');
  json::ArrayItems items(calls);
  for (std::size_t i = 0; const auto call = items.next(); ++i) {
    const std::string index = std::to_string(i);
    const json::MemberEdit edit{"index", index};
    json.raw(is_object(*call) ? json::with_members(*call, {&edit, 1}) : std::string(*call));
  }
  return std::move(json.close(']')).take();
}

std::string delta_of(const json::Member& message) {
  constexpr std::array<std::string_view, 1> kCalls = {"tool_calls"};
  if (message.kind != json::Kind::object) return "{}";
  const auto scanned = json::scan_object(message.text, kCalls);
  const bool has_calls = scanned && scanned->members[0].kind == json::Kind::array;
  if (!has_calls) return std::string(message.text);
  const std::string calls = with_indexes(scanned->members[0].text);
  const json::MemberEdit edit{"tool_calls", calls};
  return json::with_members(message.text, {&edit, 1});
}

/// The caller writes the members of the choice and closes all three.
json::Writer choice_of_chunk(std::string_view common, const json::Member& index) {
  json::Writer json(common.size() + 256);
  json.open('{').members_of(common).key("object").string("chat.completion.chunk");
  json.key("choices").open('[').open('{').key("index");
  json.raw(index.kind == json::Kind::number ? index.text : "0");
  return json;
}

std::string taken(json::Writer json) {
  return std::move(json.close('}').close(']').close('}')).take();
}

/// Adds the two chunks of one choice: all of its message, and its end.
/// \return whether it is one
bool add_choice(std::vector<std::string>& chunks, std::string_view common,
                std::string_view choice) {
  const auto scanned = json::scan_object(choice, kOfChoice);
  if (!scanned) return false;
  const json::Member& index = scanned->members[0];
  const json::Member& logprobs = scanned->members[2];
  const json::Member& why = scanned->members[3];
  json::Writer begun = choice_of_chunk(common, index);
  begun.key("delta").raw(delta_of(scanned->members[1]));
  if (logprobs.kind == json::Kind::object) begun.key("logprobs").raw(logprobs.text);
  chunks.push_back(taken(std::move(begun.key("finish_reason").raw("null"))));
  json::Writer ended = choice_of_chunk(common, index);
  ended.key("delta").raw("{}").key("finish_reason");
  const bool has_reason = why.kind == json::Kind::string && !why.text.empty();
  ended.string(has_reason ? why.text : "stop");
  chunks.push_back(taken(std::move(ended)));
  return true;
}

std::string usage_chunk(std::string_view common, std::string_view usage) {
  json::Writer json(common.size() + usage.size() + 64);
  json.open('{').members_of(common).key("object").string("chat.completion.chunk");
  json.key("choices").raw("[]").key("usage").raw(usage);
  return std::move(json.close('}')).take();
}

/// A number that every reader of JSON represents exactly: a sum of two of them does not overflow.
std::int64_t count_of(std::optional<std::uint64_t> tokens) noexcept {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 52;
  return static_cast<std::int64_t>(std::min(tokens.value_or(0), kMost));
}

}  // namespace

AnswerHead::AnswerHead(std::string model, std::int64_t created)
    : id(make_id()), model(std::move(model)), created(created) {}

void write_head(json::Writer& json, const AnswerHead& head, std::string_view object) {
  json.key("id").string(head.id).key("object").string(object);
  json.key("created").integer(head.created).key("model").string(head.model);
}

std::string provenance_json(const Provenance& from) {
  json::Writer json(256);
  json.open('{').key("source").string(from.source);
  if (!from.reason.empty()) json.key("reason").string(from.reason);
  json.key("degraded").boolean(!from.reason.empty() || from.turn.is_lost());
  write_attempts(json, from.attempts);
  if (from.turn.is_kept()) json.key("session").string(from.turn.session());
  if (from.turn.is_lost()) json.key("session_stored").boolean(false);
  if (!from.ignored.empty()) {
    json.key("ignored").open('[');
    for (const std::string& name : from.ignored) json.string(name);
    json.close(']');
  }
  return std::move(json.close('}')).take();
}

std::string with_provenance(std::string_view object, const Provenance& from) {
  const std::string own = provenance_json(from);
  if (!has_member(object, "vx11")) return with_last_member(object, "vx11", own);
  const json::MemberEdit edit{"vx11", own};  // in place of another gateway's
  return json::with_members(object, {&edit, 1});
}

Tokens::Tokens(const ChatEnding& ending) noexcept
    : input(count_of(ending.input_tokens)),
      output(count_of(ending.output_tokens)),
      are_known(ending.input_tokens || ending.output_tokens) {}

void write_usage(json::Writer& json, const ChatEnding& ending) {
  const Tokens tokens(ending);
  if (!tokens.are_known) return;
  json.key("usage").open('{').key("prompt_tokens").integer(tokens.input);
  json.key("completion_tokens").integer(tokens.output);
  json.key("total_tokens").integer(tokens.input + tokens.output).close('}');
}

std::string with_head(const std::string& object, const AnswerHead& head, const ChatEnding& ending) {
  constexpr std::array<std::string_view, 5> kNames = {"id", "object", "created", "model", "usage"};
  if (has_member(object, "created")) return object;
  const auto scanned = json::scan_object(object, kNames);
  if (!scanned) return object;
  json::Writer made(256);
  made.open('{');
  write_head(made, head, "chat.completion");
  write_usage(made, ending);
  const std::string members = std::move(made.close('}')).take();
  std::vector<json::MemberEdit> edits;
  json::ObjectItems items(members);
  while (const auto item = items.next()) {
    const auto at = std::find(kNames.begin(), kNames.end(), item->name) - kNames.begin();
    const json::Kind kind = scanned->members[static_cast<std::size_t>(at)].kind;
    if (kind == json::Kind::absent) edits.push_back({item->name, item->value});
  }
  return json::with_members(object, edits);
}

/// Its `created` is looked up beside the choices, which are long.
bool is_complete(const ChatReply& reply) {
  return !reply.completion_json.empty() && !may_have_member(reply.completion_json, "vx11") &&
         may_have_member(reply.completion_json, "created") &&  // it may be of another API
         has_member(reply.upstream_json, "created");
}

std::string own_body(const ChatReply& reply, const Provenance& from) {
  return with_last_member(reply.completion_json, "vx11", provenance_json(from));
}

std::string completion_body(const ChatReply& reply, const AnswerHead& head,
                            const Provenance& from) {
  const std::string& answer = reply.completion_json;
  if (!answer.empty()) return with_provenance(with_head(answer, head, reply.ending), from);
  json::Writer json(reply.text.size() + 512);
  json.open('{');
  write_head(json, head, "chat.completion");
  json.key("choices").open('[').open('{').key("index").integer(0).key("message").open('{');
  json.key("role").string("assistant").key("content").string(reply.text).close('}');
  json.key("finish_reason").string(reply.ending.finish_reason).close('}').close(']');
  write_usage(json, reply.ending);
  json.key("vx11").raw(provenance_json(from));
  return std::move(json.close('}')).take();
}

std::string refusal_in(std::string_view completion, std::string_view name) {
  constexpr std::array<std::string_view, 1> kChoices = {"choices"};
  constexpr std::array<std::string_view, 1> kRefusal = {"refusal"};
  const std::array<std::string_view, 1> message_name = {name};
  if (completion.find(R"("refusal")") == std::string_view::npos) return {};
  const auto answer = json::scan_object(completion, kChoices);
  const auto choice =
      answer ? json::ArrayItems(answer->members[0].text).next() : std::optional<std::string_view>();
  if (!choice) return {};
  const auto message = json::scan_object(*choice, message_name);
  if (!message) return {};
  const auto members = json::scan_object(message->members[0].text, kRefusal);
  const bool refuses = members && members->members[0].kind == json::Kind::string;
  return refuses ? std::string(members->members[0].text) : std::string();
}

std::vector<std::string> chunks_of(const std::string& object_json, UsageChunk wanted) {
  const auto split = json::split_object(object_json, kOfAnswer);
  if (!split || split->found.members[0].kind != json::Kind::array) return {};
  std::vector<std::string> chunks;
  json::ArrayItems choices(split->found.members[0].text);
  while (const auto choice = choices.next()) {
    if (!add_choice(chunks, split->rest, *choice)) return {};
  }
  const json::Member& usage = split->found.members[1];
  const bool has_usage = usage.kind == json::Kind::object;
  if (wanted == UsageChunk::yes && has_usage) {
    chunks.push_back(usage_chunk(split->rest, usage.text));
  }
  return chunks;
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
