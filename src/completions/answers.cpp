#include "completions/answers.hpp"

#include <vx11/session.hpp>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

using Json = nlohmann::ordered_json;

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

/// Tool calls need an index in chunks.
Json delta_of(Json message) {
  if (!message.is_object()) return Json::object();
  const auto calls = message.find("tool_calls");
  if (calls == message.end() || !calls->is_array()) return message;
  for (std::size_t i = 0; i < calls->size(); ++i) {
    if ((*calls)[i].is_object()) (*calls)[i]["index"] = i;
  }
  return message;
}

std::string chunk_with(Json base, Json choices) {
  base["object"] = "chat.completion.chunk";
  base["choices"] = std::move(choices);
  return base.dump(-1, ' ', false, Json::error_handler_t::replace);
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

std::string with_provenance(std::string object, const Provenance& from) {
  const std::size_t end = object.find_last_of('}');
  if (end == std::string::npos) return object;
  const std::size_t before = object.find_last_not_of(" \t\r\n", end == 0 ? 0 : end - 1);
  const bool is_empty = before == std::string::npos || object[before] == '{';
  std::string member = is_empty ? R"("vx11":)" : R"(,"vx11":)";
  return object.insert(end, member + provenance_json(from));
}

void write_usage(json::Writer& json, const ChatEnding& ending) {
  if (!ending.input_tokens && !ending.output_tokens) return;
  const auto input = static_cast<std::int64_t>(ending.input_tokens.value_or(0));
  const auto output = static_cast<std::int64_t>(ending.output_tokens.value_or(0));
  json.key("usage").open('{').key("prompt_tokens").integer(input);
  json.key("completion_tokens").integer(output);
  json.key("total_tokens").integer(input + output).close('}');
}

std::string completion_body(const ChatReply& reply, const AnswerHead& head,
                            const Provenance& from) {
  if (!reply.completion_json.empty()) return with_provenance(reply.completion_json, from);
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

std::vector<std::string> chunks_of(const std::string& object_json) {
  std::vector<std::string> chunks;
  Json base = Json::parse(object_json, nullptr, false);
  if (!base.is_object() || !base.contains("choices") || !base["choices"].is_array()) return chunks;
  const Json choices = base["choices"];
  const Json usage = base.value("usage", Json());
  base.erase("usage");
  for (const Json& choice : choices) {
    if (!choice.is_object()) return {};
    const Json index = choice.value("index", Json(0));
    Json begun = {{"index", index}, {"delta", delta_of(choice.value("message", Json()))}};
    if (choice.contains("logprobs")) begun["logprobs"] = choice["logprobs"];
    begun["finish_reason"] = nullptr;
    chunks.push_back(chunk_with(base, Json::array({std::move(begun)})));
    chunks.push_back(chunk_with(
        base, Json::array({{{"index", index},
                            {"delta", Json::object()},
                            {"finish_reason", choice.value("finish_reason", Json("stop"))}}})));
  }
  if (usage.is_null()) return chunks;
  base["usage"] = usage;
  chunks.push_back(chunk_with(std::move(base), Json::array()));
  return chunks;
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
