// The answers of the OpenAI chat API, in the form that its servers send them.
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "json_text.hpp"
#include "models.hpp"

namespace upstream {

OrderedJson usage_as_openai(const ModelChat& chat) {
  return {{"prompt_tokens", chat.input_tokens()},
          {"completion_tokens", chat.output_tokens()},
          {"total_tokens", chat.input_tokens() + chat.output_tokens()}};
}

OrderedJson head_as_openai(const ModelChat& chat, const char* prefix, const char* object) {
  return {{"id", fmt::format("{}-{}", prefix, chat.number)},
          {"object", object},
          {"created", std::time(nullptr)},
          {"model", chat.model},
          {"system_fingerprint", "fp_vx11"}};
}

namespace {

/// A call of the tool, if there is one; else null.
OrderedJson call_of(const ModelChat& chat) {
  if (chat.tool.empty()) return nullptr;
  return {{"id", fmt::format("call_{}", chat.number)},
          {"type", "function"},
          {"function",
           {{"name", chat.tool}, {"arguments", dumped(OrderedJson({{"text", chat.text}}))}}}};
}

void append_data(Reply& reply, const OrderedJson& json) {
  reply.events.push_back("data: " + dumped(json) + "\n\n");
}

/// Replaces the last event, whose content is empty, by one for each word. Nothing else differs
/// between the chunks of a stream, so the rest is written once: a benchmark's upstream must cost
/// less than what is measured.
void append_each(const std::vector<std::string_view>& words, Reply& reply) {
  const std::string chunk = std::move(reply.events.back());
  reply.events.pop_back();
  constexpr std::string_view kContent = "\"content\":";
  constexpr std::string_view kEmpty = "\"\"";
  const std::size_t before = chunk.find(kContent) + kContent.size();
  for (const auto word : words) {
    std::string& event = reply.events.emplace_back(chunk, 0, before);
    append_json_string(event, word);
    event.append(chunk, before + kEmpty.size());
  }
}

void whole(const ModelChat& chat, Reply& reply) {
  OrderedJson message = {{"role", "assistant"}, {"content", chat.text}, {"refusal", nullptr}};
  const OrderedJson call = call_of(chat);
  if (!call.is_null()) {
    message["content"] = nullptr;
    message["tool_calls"] = OrderedJson::array({call});
  }
  OrderedJson body = head_as_openai(chat, "chatcmpl", "chat.completion");
  body["choices"] =
      OrderedJson::array({{{"index", 0},
                           {"message", std::move(message)},
                           {"logprobs", nullptr},
                           {"finish_reason", call.is_null() ? "stop" : "tool_calls"}}});
  body["usage"] = usage_as_openai(chat);
  reply.body = dumped(body);
}

}  // namespace

void answer_as_openai(const ModelChat& chat, const std::vector<std::string_view>& words,
                      Reply& reply) {
  if (!chat.stream) return whole(chat, reply);
  OrderedJson chunk = head_as_openai(chat, "chatcmpl", "chat.completion.chunk");
  const auto append = [&](OrderedJson delta, OrderedJson finish) {
    chunk["choices"] = OrderedJson::array({{{"index", 0},
                                            {"delta", std::move(delta)},
                                            {"logprobs", nullptr},
                                            {"finish_reason", std::move(finish)}}});
    append_data(reply, chunk);
  };
  append({{"role", "assistant"}, {"content", ""}}, nullptr);
  OrderedJson call = call_of(chat);
  if (call.is_null()) {
    append({{"content", ""}}, nullptr);
    append_each(words, reply);
  } else {
    call["index"] = 0;
    const OrderedJson arguments = call["function"]["arguments"];
    call["function"]["arguments"] = "";
    append({{"tool_calls", OrderedJson::array({call})}}, nullptr);
    append({{"tool_calls",
             OrderedJson::array({{{"index", 0}, {"function", {{"arguments", arguments}}}}})}},
           nullptr);
  }
  append(OrderedJson::object(), call.is_null() ? "stop" : "tool_calls");
  const auto options = chat.body.value("stream_options", OrderedJson());
  if (flag_or(options, "include_usage", false)) {
    chunk["choices"] = OrderedJson::array();
    chunk["usage"] = usage_as_openai(chat);
    append_data(reply, chunk);
  }
  reply.events.emplace_back("data: [DONE]\n\n");
  reply.content_type = "text/event-stream";
  reply.error_event =
      "data: {\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\","
      "\"param\":null,\"code\":null}}\n\n";
}

}  // namespace upstream
