// The answers of Anthropic's /v1/messages: named events.
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

}  // namespace

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
