#include "operator/chats/chat_answer.hpp"

#include <array>
#include <optional>
#include <utility>

#include "operator/api/bounded_json.hpp"

namespace backend {

namespace {

using nlohmann::json;

json text_or_null(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_string() ? value : json();
}

/// A text itself, or the one in the `text` or `content` of an object.
std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return text_member(value, "text", text_member(value, "content"));
}

}  // namespace

bool is_chat_answer(const json& body, bool is_whole) {
  const bool has_text = !is_whole || member(body, "response").is_string();
  return has_text && member(body, "session_id").is_string() &&
         member(member(body, "metadata"), "source").is_string();
}

void complete_answer(json& body, double latency_ms) {
  json answer = json::object();
  for (const char* name : {"session_id", "response", "degraded", "metadata"}) {
    if (body.contains(name)) answer[name] = std::move(body[name]);
  }
  const json& metadata = member(answer, "metadata");
  const json& upstream = member(metadata, "upstream");
  answer["degraded"] = member(answer, "degraded") == true;
  answer["fallback_source"] = text_member(metadata, "source");
  answer["provider"] = text_or_null(upstream, "provider");
  answer["model_used"] = text_or_null(upstream, "model");
  answer["latency_ms"] = latency_ms;
  body = std::move(answer);
}

bool is_fallback(const json& body) {
  return text_member(member(body, "metadata"), "source").ends_with("_fallback");
}

std::string piece_text(std::string_view data) {
  const std::optional<json> piece = parse_bounded(data);
  if (!piece || !piece->is_object()) return {};
  constexpr std::array kNames = {"delta", "response", "reply", "message", "content", "text"};
  for (const char* name : kNames) {
    std::string text = text_of(member(*piece, name));
    if (!text.empty()) return text;
  }
  const json& choices = member(*piece, "choices");
  if (!choices.is_array() || choices.empty()) return {};
  return text_of(member(choices.front(), "delta"));
}

}  // namespace backend
