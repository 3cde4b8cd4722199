// The answers of Anthropic's /v1/messages: named events.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "models.hpp"

namespace upstream {

namespace {

OrderedJson message_of(const ModelChat& chat) {
  return {{"id", fmt::format("msg_{}", chat.number)},
          {"type", "message"},
          {"role", "assistant"},
          {"model", chat.model},
          {"content", OrderedJson::array()},
          {"stop_reason", nullptr},
          {"stop_sequence", nullptr},
          {"usage", {{"input_tokens", chat.input_tokens()}, {"output_tokens", 1}}}};
}

void append(Reply& reply, const char* type, OrderedJson members) {
  OrderedJson event = {{"type", type}};
  event.update(members);
  reply.events.push_back(fmt::format("event: {}\ndata: {}\n\n", type, dumped(event)));
}

/// The block of a call; streams send its input apart, as the text of JSON.
OrderedJson block_of_call(const ModelChat& chat, OrderedJson input) {
  return {{"type", "tool_use"},
          {"id", fmt::format("toolu_{}", chat.number)},
          {"caller", {{"type", "direct"}}},
          {"name", chat.tool},
          {"input", std::move(input)}};
}

OrderedJson block_of(const ModelChat& chat) {
  if (!chat.tool.empty()) return block_of_call(chat, {{"text", chat.text}});
  return {{"type", "text"}, {"text", chat.text}};
}

const char* stop_reason_of(const ModelChat& chat) {
  return chat.tool.empty() ? "end_turn" : "tool_use";
}

void append_block(const ModelChat& chat, const std::vector<std::string_view>& words, Reply& reply) {
  const auto append_delta = [&](const char* type, const char* name, std::string_view text) {
    append(reply, "content_block_delta", {{"index", 0}, {"delta", {{"type", type}, {name, text}}}});
  };
  if (chat.tool.empty()) {
    for (const auto word : words) append_delta("text_delta", "text", word);
    return;
  }
  const std::string input = dumped({{"text", chat.text}});
  append_delta("input_json_delta", "partial_json", "");
  append_delta("input_json_delta", "partial_json", std::string_view(input).substr(0, 5));
  append_delta("input_json_delta", "partial_json", std::string_view(input).substr(5));
}

bool is_id(const std::string& id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

std::string wrong_in_tools(const OrderedJson& tools) {
  for (const auto& tool : tools) {
    const bool is_own = !text_or(tool, "type", "").empty();  // of the server
    if (!is_own && text_or(value_of(tool, "input_schema"), "type", "") != "object") {
      return "tools.input_schema.type: Field required, and must be 'object'";
    }
  }
  return {};
}

std::string wrong_in_block(const OrderedJson& block) {
  const std::string type = text_or(block, "type", "");
  if (type == "text" && is_blank(text_or(block, "text", ""))) {
    return "messages: text content blocks must contain non-whitespace text";
  }
  const bool is_result = type == "tool_result";
  const bool is_call = type == "tool_use";
  if ((is_call || is_result) && !is_id(text_or(block, is_call ? "id" : "tool_use_id", ""))) {
    return "messages: the id of a call should match pattern '^[a-zA-Z0-9_-]+$'";
  }
  if (is_call && !value_of(block, "input").is_object()) {
    return "messages: tool_use.input should be an object";
  }
  return {};
}

std::string wrong_in_message(const OrderedJson& message) {
  const std::string role = text_or(message, "role", "");
  if (role != "user" && role != "assistant") return "messages.role: must be user or assistant";
  const OrderedJson content = value_of(message, "content");
  if (content.is_string()) return wrong_in_block({{"type", "text"}, {"text", content}});
  if (!content.is_array()) return "messages.content: should be a string or a list";
  for (const auto& block : content) {
    if (std::string wrong = wrong_in_block(block); !wrong.empty()) return wrong;
  }
  return {};
}

bool has_call(const OrderedJson& messages) {
  return std::any_of(messages.begin(), messages.end(), [](const OrderedJson& message) {
    const OrderedJson content = value_of(message, "content");
    return content.is_array() &&
           std::any_of(content.begin(), content.end(), [](const OrderedJson& block) {
             return text_or(block, "type", "") == "tool_use";
           });
  });
}

}  // namespace

std::string wrong_for_anthropic(const OrderedJson& body) {
  const OrderedJson messages = value_of(body, "messages");
  for (const auto& message : messages) {
    if (std::string wrong = wrong_in_message(message); !wrong.empty()) return wrong;
  }
  const OrderedJson tools = value_of(body, "tools");
  if (!tools.is_array() && has_call(messages)) return "tools: Field required with tool_use blocks";
  return tools.is_array() ? wrong_in_tools(tools) : std::string();
}

void answer_as_anthropic(const ModelChat& chat, const std::vector<std::string_view>& words,
                         Reply& reply) {
  OrderedJson message = message_of(chat);
  if (!chat.stream) {
    message["content"] = OrderedJson::array({block_of(chat)});
    message["stop_reason"] = stop_reason_of(chat);
    message["usage"]["output_tokens"] = chat.output_tokens();
    reply.body = dumped(message);
    return;
  }
  append(reply, "message_start", {{"message", message}});
  OrderedJson empty = {{"type", "text"}, {"text", ""}};
  if (!chat.tool.empty()) empty = block_of_call(chat, OrderedJson::object());
  append(reply, "content_block_start", {{"index", 0}, {"content_block", std::move(empty)}});
  append(reply, "ping", OrderedJson::object());
  append_block(chat, words, reply);
  append(reply, "content_block_stop", {{"index", 0}});
  append(reply, "message_delta",
         {{"delta", {{"stop_reason", stop_reason_of(chat)}, {"stop_sequence", nullptr}}},
          {"usage", {{"output_tokens", chat.output_tokens()}}}});
  append(reply, "message_stop", OrderedJson::object());
  reply.content_type = "text/event-stream";
  reply.error_event =
      "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
      "\"message\":\"Overloaded\"}}\n\n";
}

}  // namespace upstream
