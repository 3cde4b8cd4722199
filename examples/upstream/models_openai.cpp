// The answers of the OpenAI chat API, in the form that its servers send them.
#include <ctime>
#include <string>

#include <fmt/format.h>

#include "models.hpp"

namespace upstream {

namespace {

OrderedJson usage_of(const ModelChat& chat) {
  return {{"prompt_tokens", chat.input_tokens()},
          {"completion_tokens", chat.output_tokens()},
          {"total_tokens", chat.input_tokens() + chat.output_tokens()}};
}

/// A call of the first tool, if the request has tools; else null.
OrderedJson call_of(const ModelChat& chat) {
  const auto tools = chat.body.value("tools", OrderedJson());
  if (!tools.is_array() || tools.empty()) return nullptr;
  const auto function = tools[0].is_object() ? tools[0].value("function", OrderedJson()) : tools[0];
  return {{"id", fmt::format("call_{}", chat.number)},
          {"type", "function"},
          {"function",
           {{"name", text_or(function, "name", "")},
            {"arguments", OrderedJson({{"text", chat.text}}).dump()}}}};
}

OrderedJson head_of(const ModelChat& chat, const char* object) {
  return {{"id", fmt::format("chatcmpl-{}", chat.number)},
          {"object", object},
          {"created", std::time(nullptr)},
          {"model", chat.model},
          {"system_fingerprint", "fp_vx11"}};
}

void append_data(Reply& reply, const OrderedJson& json) {
  reply.events.push_back(
      "data: " + json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n\n");
}

void whole(const ModelChat& chat, Reply& reply) {
  OrderedJson message = {{"role", "assistant"}, {"content", chat.text}, {"refusal", nullptr}};
  const OrderedJson call = call_of(chat);
  if (!call.is_null()) {
    message["content"] = nullptr;
    message["tool_calls"] = OrderedJson::array({call});
  }
  OrderedJson body = head_of(chat, "chat.completion");
  body["choices"] =
      OrderedJson::array({{{"index", 0},
                           {"message", std::move(message)},
                           {"logprobs", nullptr},
                           {"finish_reason", call.is_null() ? "stop" : "tool_calls"}}});
  body["usage"] = usage_of(chat);
  reply.body = body.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace

void answer_as_openai(const ModelChat& chat, const std::vector<std::string_view>& words,
                      Reply& reply) {
  if (!chat.stream) return whole(chat, reply);
  OrderedJson chunk = head_of(chat, "chat.completion.chunk");
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
    for (const auto word : words) append({{"content", word}}, nullptr);
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
    chunk["usage"] = usage_of(chat);
    append_data(reply, chunk);
  }
  reply.events.emplace_back("data: [DONE]\n\n");
  reply.content_type = "text/event-stream";
  reply.error_event =
      "data: {\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\","
      "\"param\":null,\"code\":null}}\n\n";
}

}  // namespace upstream
