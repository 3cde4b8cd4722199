// The answers of Ollama's /api/chat: JSON lines.
#include <string>

#include "models.hpp"

namespace upstream {

namespace {

OrderedJson line_of(const ModelChat& chat, std::string_view content) {
  return {{"model", chat.model},
          {"created_at", "2026-11-27T12:00:00.000000Z"},
          {"message", {{"role", "assistant"}, {"content", content}}},
          {"done", false}};
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

std::string dumped(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace

void answer_as_ollama(const ModelChat& chat, const std::vector<std::string_view>& words,
                      Reply& reply) {
  if (!chat.stream) {
    OrderedJson body = line_of(chat, chat.text);
    finish(body, chat);
    reply.body = dumped(body);
    return;
  }
  for (const auto word : words) reply.events.push_back(dumped(line_of(chat, word)) + '\n');
  OrderedJson last = line_of(chat, "");
  finish(last, chat);
  reply.events.push_back(dumped(last) + '\n');
  reply.content_type = "application/x-ndjson";
  reply.error_event = "{\"error\":\"an error was encountered while running the model\"}\n";
}

}  // namespace upstream
