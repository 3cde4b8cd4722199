// Text completions and embeddings of the OpenAI API.
#include <array>
#include <string>

#include "models.hpp"

namespace upstream {

namespace {

/// The same three numbers in both encodings: base64 of little-endian 32-bit floats, which clients
/// ask for to save bytes, is the second.
constexpr std::array<double, 3> kNumbers = {0.5, -0.25, 0.125};
constexpr const char* kBase64 = "AAAAPwAAgL4AAAA+";

OrderedJson choice_of(std::string_view text, OrderedJson finish) {
  return {
      {"text", text}, {"index", 0}, {"logprobs", nullptr}, {"finish_reason", std::move(finish)}};
}

}  // namespace

void answer_as_embeddings(const OrderedJson& body, Reply& reply) {
  const auto& input = body.at("input");
  const std::size_t count = input.is_array() ? input.size() : 1;
  const bool is_base64 = text_or(body, "encoding_format", "float") == "base64";
  auto data = OrderedJson::array();
  for (std::size_t i = 0; i < count; ++i) {
    OrderedJson one = {{"object", "embedding"}, {"index", i}};
    is_base64 ? one["embedding"] = kBase64 : one["embedding"] = kNumbers;
    data.push_back(std::move(one));
  }
  reply.body = dumped({{"object", "list"},
                       {"data", std::move(data)},
                       {"model", text_or(body, "model", "vx11-stub")},
                       {"usage", {{"prompt_tokens", count}, {"total_tokens", count}}}});
}

void answer_as_text_completion(const ModelChat& chat, const std::vector<std::string_view>& words,
                               Reply& reply) {
  OrderedJson object = head_as_openai(chat, "cmpl", "text_completion");
  if (!chat.stream) {
    object["choices"] = OrderedJson::array({choice_of(chat.text, "stop")});
    object["usage"] = usage_as_openai(chat);
    reply.body = dumped(object);
    return;
  }
  const auto append = [&](std::string_view text, OrderedJson finish) {
    object["choices"] = OrderedJson::array({choice_of(text, std::move(finish))});
    reply.events.push_back("data: " + dumped(object) + "\n\n");
  };
  for (const auto word : words) append(word, nullptr);
  append("", "stop");
  reply.events.emplace_back("data: [DONE]\n\n");
  reply.content_type = "text/event-stream";
}

}  // namespace upstream
