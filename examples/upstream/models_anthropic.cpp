// The answers of Anthropic's /v1/messages: named events.
#include <string>

#include <fmt/format.h>

#include "models.hpp"

namespace upstream {

namespace {

std::string dumped(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

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

}  // namespace

void answer_as_anthropic(const ModelChat& chat, const std::vector<std::string_view>& words,
                         Reply& reply) {
  OrderedJson message = message_of(chat);
  if (!chat.stream) {
    message["content"] = OrderedJson::array({{{"type", "text"}, {"text", chat.text}}});
    message["stop_reason"] = "end_turn";
    message["usage"]["output_tokens"] = chat.output_tokens();
    reply.body = dumped(message);
    return;
  }
  append(reply, "message_start", {{"message", message}});
  append(reply, "content_block_start",
         {{"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}});
  append(reply, "ping", OrderedJson::object());
  for (const auto word : words) {
    append(reply, "content_block_delta",
           {{"index", 0}, {"delta", {{"type", "text_delta"}, {"text", word}}}});
  }
  append(reply, "content_block_stop", {{"index", 0}});
  append(reply, "message_delta",
         {{"delta", {{"stop_reason", "end_turn"}, {"stop_sequence", nullptr}}},
          {"usage", {{"output_tokens", chat.output_tokens()}}}});
  append(reply, "message_stop", OrderedJson::object());
  reply.content_type = "text/event-stream";
  reply.error_event =
      "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
      "\"message\":\"Overloaded\"}}\n\n";
}

}  // namespace upstream
