#pragma once

/// \file
/// A small dialect of the OpenAI chat API, for tests of what surrounds such dialects.

#include <vx11/chat.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace completions_dialect {

using Json = nlohmann::json;

class Reader final : public vx11::ChatEventReader {
 public:
  vx11::ChatEventKind read(const vx11::ServerSentEvent& event, std::string& text) override {
    if (event.data == "[DONE]") return vx11::ChatEventKind::end;
    const Json chunk = Json::parse(event.data);
    if (chunk.contains("error")) return vx11::ChatEventKind::error;
    const Json choices = chunk.value("choices", Json::array());
    if (choices.empty()) return vx11::ChatEventKind::envelope;
    const Json choice = choices[0];
    if (const Json& why = choice.value("finish_reason", Json()); why.is_string()) {
      ending_.finish_reason = why.get<std::string>();
      finished_ = true;
    }
    const Json delta = choice.value("delta", Json::object());
    text += delta.value("content", "");
    if (!text.empty()) return vx11::ChatEventKind::piece;
    return delta.contains("tool_calls") ? vx11::ChatEventKind::part : vx11::ChatEventKind::envelope;
  }
  vx11::ChatEnding ending() const override { return ending_; }
  bool complete_at_close() const override { return finished_; }

 private:
  vx11::ChatEnding ending_ = {};
  bool finished_ = false;
};

/// Sends the client's body; makes one only of a chat that has none.
class Dialect final : public vx11::ChatDialect {
 public:
  using ChatDialect::ask;
  vx11::Result<vx11::HttpRequest> ask(const vx11::ChatRequest& chat,
                                      vx11::AnswerForm) const override {
    vx11::HttpRequest request("POST", "", "/v1/chat/completions");
    request.headers.add("Content-Type", "application/json");
    request.body = chat.completion_json;
    if (!chat.completion_json.empty()) return request;
    request.body = Json({{"messages", {{{"role", "user"}, {"content", chat.message}}}}}).dump();
    return request;
  }
  vx11::Result<vx11::ChatAnswer> read(const vx11::HttpResponse& response) const override {
    const Json body = Json::parse(response.body);
    const Json choice = body.at("choices").at(0);
    const Json message = choice.at("message");
    const Json content = message.value("content", Json());
    vx11::ChatAnswer answer(content.is_string() ? content.get<std::string>() : "", "{}");
    if (answer.text.empty() && !message.contains("tool_calls")) return answer;
    answer.completion_json = response.body;
    answer.ending.finish_reason = choice.value("finish_reason", "stop");
    return answer;
  }
  std::unique_ptr<vx11::ChatEventReader> event_reader() const override {
    return std::make_unique<Reader>();
  }
};

inline std::shared_ptr<const vx11::ChatDialect> make() {
  return std::make_shared<const Dialect>();
}

/// A chunk with these members of `delta`, as an event.
inline std::string chunk(const std::string& delta, const std::string& finish_reason = "null") {
  return R"(data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m",)"
         R"("choices":[{"index":0,"delta":)" +
         delta + R"(,"finish_reason":)" + finish_reason + "}]}\n\n";
}

}  // namespace completions_dialect
