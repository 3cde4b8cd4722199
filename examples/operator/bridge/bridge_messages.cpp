#include "operator/bridge/bridge_messages.hpp"

#include <array>
#include <utility>

#include "operator/api/api_answers.hpp"
#include "operator/api/bounded_json.hpp"

namespace backend {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxId = 128;

/// Of a chat, what the gateway is sent.
constexpr std::array kChatMembers = {"message", "session_id", "user_id", "metadata", "mode"};

tl::unexpected<BridgeMistake> invalid(std::string message,
                                      std::optional<std::string> id = std::nullopt) {
  return tl::unexpected(BridgeMistake{"invalid_message", std::move(message), std::move(id)});
}

std::optional<std::string> id_of(const json& object) {
  const json& id = member(object, "id");
  if (!id.is_string()) return std::nullopt;
  auto text = id.get<std::string>();
  if (text.empty() || text.size() > kMaxId) return std::nullopt;
  return text;
}

std::string chat_body(const json& object) {
  json body = json::object();
  for (const char* name : kChatMembers) {
    if (const auto at = object.find(name); at != object.end()) body[name] = *at;
  }
  return to_text(body);
}

bool choose(BridgeChannels& channels, const json& name) {
  if (name == "events") return channels.events = true;
  if (name == "status") return channels.status = true;
  if (name == "power") return channels.power = true;
  return false;
}

tl::expected<BridgeRequest, BridgeMistake> parse_subscribe(const json& object) {
  BridgeRequest request;
  request.kind = BridgeRequestKind::subscribe;
  const json& channels = member(object, "channels");
  if (!channels.is_array() || channels.empty()) {
    return invalid("channels must be a list of: events, status, power");
  }
  for (const json& name : channels) {
    if (!choose(request.channels, name)) {
      return invalid("channels must be a list of: events, status, power");
    }
  }
  if (const json& after = member(object, "after"); !after.is_null()) {
    if (!after.is_number_unsigned()) return invalid("after must be the id of an event");
    request.after = after.get<std::uint64_t>();
  }
  return request;
}

/// A chat or its cancellation.
tl::expected<BridgeRequest, BridgeMistake> parse_chat(const json& object, BridgeRequestKind kind) {
  BridgeRequest request;
  request.kind = kind;
  auto id = id_of(object);
  if (!id) return invalid("id must be a string of 1 to 128 bytes");
  request.id = *std::move(id);
  if (kind == BridgeRequestKind::chat) request.chat = chat_body(object);
  return request;
}

std::string typed(json object, const char* type) {
  object["type"] = type;
  return to_text(object);
}

}  // namespace

tl::expected<BridgeRequest, BridgeMistake> parse_bridge_request(std::string_view text) {
  const auto object = parse_bounded(text);
  if (!object || !object->is_object()) return invalid("send a JSON object in a text message");
  const std::string type = text_member(*object, "type");
  if (type == "ping") return BridgeRequest();
  if (type == "chat") return parse_chat(*object, BridgeRequestKind::chat);
  if (type == "cancel") return parse_chat(*object, BridgeRequestKind::cancel);
  if (type == "subscribe") return parse_subscribe(*object);
  return invalid("type must be one of: chat, cancel, subscribe, ping", id_of(*object));
}

std::string delta_message(const std::string& id, const std::string& text) {
  return typed({{"id", id}, {"text", text}}, "delta");
}

std::string done_message(const std::string& id, json data) {
  if (!data.is_object()) data = json::object();
  data["id"] = id;
  return typed(std::move(data), "done");
}

std::string error_message(const BridgeMistake& mistake, const std::string& correlation_id,
                          json detail) {
  json message = {{"code", mistake.code}, {"message", mistake.message}, {"id", nullptr}};
  if (mistake.id) message["id"] = *mistake.id;
  if (!correlation_id.empty()) message["correlation_id"] = correlation_id;
  if (!detail.empty()) message["detail"] = std::move(detail);
  return typed(std::move(message), "error");
}

std::string chat_error_message(const std::string& id, int status, const json& data,
                               const std::string& correlation_id) {
  BridgeMistake mistake;
  mistake.id = id;
  const std::string word =
      text_member(data, "status", status == 422 ? "invalid_message" : "failed");
  mistake.code = text_member(data, "error", word);
  mistake.message = text_member(data, "message", "The chat was not answered");
  json detail = data.is_object() ? data : json::object();
  detail["status_code"] = status;
  return error_message(mistake, correlation_id, std::move(detail));
}

std::string event_message(const StoredEvent& event) {
  return typed({{"event", to_json(event)}}, "event");
}

std::string bridge_gap_message(std::uint64_t after, std::uint64_t before) {
  return typed({{"after", after}, {"before", before}}, "gap");
}

std::string status_message(const json& status) {
  return typed({{"status", status}}, "status");
}

std::string power_message(const json& window) {
  return typed({{"window", window}}, "power");
}

std::string subscribed_message(BridgeChannels channels) {
  json names = json::array();
  if (channels.events) names.push_back("events");
  if (channels.status) names.push_back("status");
  if (channels.power) names.push_back("power");
  return typed({{"channels", std::move(names)}}, "subscribed");
}

}  // namespace backend
