// The answers of Ollama's /api/chat: JSON lines.
#include <string>

#include <fmt/format.h>

#include "models.hpp"

namespace upstream {

namespace {

OrderedJson line_of(const ModelChat& chat, std::string_view content) {
  return {{"model", chat.model},
          {"created_at", "2026-11-27T12:00:00.000000Z"},
          {"message", {{"role", "assistant"}, {"content", content}}},
          {"done", false}};
}

/// Ollama sends each call in one line, with arguments as an object.
OrderedJson line_with_call(const ModelChat& chat) {
  OrderedJson line = line_of(chat, "");
  line["message"]["tool_calls"] = OrderedJson::array(
      {{{"id", fmt::format("call_{}", chat.number)},
        {"function", {{"index", 0}, {"name", chat.tool}, {"arguments", {{"text", chat.text}}}}}}});
  return line;
}

void finish(OrderedJson& line, const ModelChat& chat) {
  line["done_reason"] = "stop";
  line["done"] = true;
  line["total_duration"] = 5043500667;
  line["load_duration"] = 5025959;
  line["prompt_eval_count"] = chat.input_tokens();
  line["prompt_eval_duration"] = 325953000;
  line["eval_count"] = chat.output_tokens();
  line["eval_duration"] = 4709213000;
}

}  // namespace

std::string wrong_for_ollama(const OrderedJson& body) {
  for (const auto& message : value_of(body, "messages")) {
    for (const auto& call : value_of(message, "tool_calls")) {
      if (!value_of(value_of(call, "function"), "arguments").is_object()) {
        return "json: cannot unmarshal tool_calls.function.arguments: not an object";
      }
    }
  }
  return {};
}

void answer_as_ollama(const ModelChat& chat, const std::vector<std::string_view>& words,
                      Reply& reply) {
  if (!chat.stream) {
    OrderedJson body = chat.tool.empty() ? line_of(chat, chat.text) : line_with_call(chat);
    finish(body, chat);
    reply.body = dumped(body);
    return;
  }
  if (!chat.tool.empty()) {
    reply.events.push_back(dumped(line_with_call(chat)) + '\n');
  } else {
    for (const auto word : words) reply.events.push_back(dumped(line_of(chat, word)) + '\n');
  }
  OrderedJson last = line_of(chat, "");
  finish(last, chat);
  reply.events.push_back(dumped(last) + '\n');
  reply.content_type = "application/x-ndjson";
  reply.error_event = "{\"error\":\"an error was encountered while running the model\"}\n";
}

}  // namespace upstream
