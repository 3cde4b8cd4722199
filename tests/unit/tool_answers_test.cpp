// Calls of tools in the answers and streams of dialects that translate.

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "translating_dialects.hpp"

using namespace translating_dialects;
using nlohmann::json;
using vx11::ChatEventKind;

namespace {

vx11::Result<vx11::ChatAnswer> read(const Dialect& dialect, std::string body) {
  return dialect->read(vx11::HttpResponse(200, "application/json", std::move(body)));
}

/// JSON without an answer, for which no breaker is charged.
bool holds_no_answer(const vx11::Result<vx11::ChatAnswer>& answer) {
  return answer && answer->text.empty() && answer->completion_json.empty();
}

struct Stream {
  explicit Stream(const Dialect& dialect) : reader(dialect->event_reader()) {}

  ChatEventKind read(std::string_view data) { return reader->read({.data = data}, text); }
  /// Reads an event that must contain tool calls.
  json calls(std::string_view data) {
    CHECK(read(data) == ChatEventKind::part);
    return json::parse(reader->translated()).at("tool_calls");
  }

  std::unique_ptr<vx11::ChatEventReader> reader;
  std::string text = {};
};

}  // namespace

TEST_CASE("a whole answer with calls is one of the OpenAI chat API") {
  const auto of_ollama =
      read(ollama(), R"({"model":"m","message":{"role":"assistant","content":"","tool_calls":[)"
                     R"({"id":"call_7","function":{"index":0,"name":"weather","arguments":)"
                     R"({"town":"Ulm"}}}]},"done":true,"done_reason":"stop","eval_count":2})");
  const auto of_anthropic =
      read(anthropic(), R"({"content":[{"type":"thinking","thinking":"hm"},{"type":"tool_use",)"
                        R"("id":"call_7","name":"weather","input":{"town":"Ulm"}}],)"
                        R"("stop_reason":"tool_use","usage":{"output_tokens":2}})");
  for (const auto& answer : {of_ollama, of_anthropic}) {
    REQUIRE(answer.has_value());
    CHECK(answer->text.empty());
    CHECK(answer->ending.finish_reason == "tool_calls");
    CHECK(answer->ending.output_tokens == 2U);
    CHECK(json::parse(answer->completion_json) ==
          json::parse(R"({"choices":[{"index":0,"message":{"role":"assistant","content":null,)"
                      R"("tool_calls":[{"id":"call_7","type":"function","function":)"
                      R"({"name":"weather","arguments":"{\"town\":\"Ulm\"}"}}]},)"
                      R"("finish_reason":"tool_calls"}]})"));
  }
  const auto both =
      read(anthropic(), R"({"content":[{"type":"text","text":"let me see"},{"type":"tool_use",)"
                        R"("id":"c","name":"f","input":{}}],"stop_reason":"tool_use"})");
  CHECK(both->text == "let me see");
  CHECK(json::parse(both->completion_json)["choices"][0]["message"]["content"] == "let me see");
}

TEST_CASE("calls of an Ollama without ids get ids that differ") {
  const auto answer = [](const std::string& time) {
    const auto read_answer = read(
        ollama(), R"({"created_at":")" + time +
                      R"(","message":{"tool_calls":[{"function":)"
                      R"({"name":"f","arguments":{}}},{"function":{"name":"f"}}]},"done":true})");
    const json calls = json::parse(read_answer->completion_json)["choices"][0]["message"];
    return std::pair(calls["tool_calls"][0]["id"].get<std::string>(),
                     calls["tool_calls"][1]["id"].get<std::string>());
  };
  const auto first = answer("2026-11-27T12:00:00.000000001Z");
  CHECK(first.first.starts_with("call_"));
  CHECK(first.first != first.second);
  CHECK(first.first != answer("2026-11-27T12:00:00.000000002Z").first);
}

TEST_CASE("damaged calls are no answer") {
  for (const char* calls : {"[7]", "[{}]", R"([{"function":{"arguments":{}}}])"}) {
    CAPTURE(calls);
    const std::string line =
        R"({"message":{"tool_calls":)" + std::string(calls) + R"(},"done":true})";
    CHECK(holds_no_answer(read(ollama(), line)));
    CHECK(Stream(ollama()).read(line) == ChatEventKind::error);
  }
  CHECK(holds_no_answer(read(anthropic(), R"({"content":[{"type":"tool_use","name":"f"}]})")));
  CHECK(Stream(anthropic())
            .read(R"({"type":"content_block_start","content_block":{"type":"tool_use"}})") ==
        ChatEventKind::error);
}

TEST_CASE("a stream of Ollama with calls: each is one delta, numbered through") {
  Stream stream(ollama());
  CHECK(stream.read(R"({"message":{"content":"let me see"},"done":false})") ==
        ChatEventKind::piece);
  CHECK(stream.reader->translated().empty());
  CHECK(stream.calls(R"({"message":{"content":"","tool_calls":[{"id":"c1","function":)"
                     R"({"index":0,"name":"f","arguments":{"a":1}}}]},"done":false})") ==
        json::parse(R"([{"index":0,"id":"c1","type":"function","function":{"name":"f",)"
                    R"("arguments":"{\"a\":1}"}}])"));
  CHECK(stream
            .calls(R"({"message":{"tool_calls":[{"id":"c2","function":{"name":"g"}}]},)"
                   R"("done":true,"done_reason":"stop"})")
            .at(0)
            .at("index") == 1);
  CHECK(stream.reader->complete_at_close());
  CHECK(stream.reader->ending().finish_reason == "tool_calls");
  CHECK(stream.text == "let me see");
}

TEST_CASE("a stream of Anthropic with calls: arguments in pieces, those of none an object") {
  Stream stream(anthropic());
  const auto start = [&](int index, const std::string& block) {
    return R"({"type":"content_block_start","index":)" + std::to_string(index) +
           R"(,"content_block":)" + block + "}";
  };
  const auto delta = [&](int index, const std::string& json) {
    return R"({"type":"content_block_delta","index":)" + std::to_string(index) +
           R"(,"delta":{"type":"input_json_delta","partial_json":)" + json + "}}";
  };
  CHECK(stream.read(start(0, R"({"type":"text","text":""})")) == ChatEventKind::ignored);
  CHECK(stream.read(R"({"type":"content_block_delta","index":0,"delta":)"
                    R"({"type":"text_delta","text":"hm"}})") == ChatEventKind::piece);
  CHECK(stream.calls(start(1, R"({"type":"tool_use","id":"t1","name":"f","input":{}})")) ==
        json::parse(R"([{"index":0,"id":"t1","type":"function","function":{"name":"f",)"
                    R"("arguments":""}}])"));
  CHECK(stream.read(delta(1, R"("")")) == ChatEventKind::ignored);
  CHECK(stream.calls(delta(1, R"("{\"a\"")")) ==
        json::parse(R"([{"index":0,"function":{"arguments":"{\"a\""}}])"));
  CHECK(stream.calls(delta(1, R"(":1}")")).at(0).at("function").at("arguments") == ":1}");
  CHECK(stream.read(R"({"type":"content_block_stop","index":1})") == ChatEventKind::ignored);
  CHECK(stream.reader->translated().empty());
  // Pieces of a block that is no call of the client's, such as a server's own tool.
  CHECK(stream.read(start(2, R"({"type":"server_tool_use","id":"s","name":"web_search"})")) ==
        ChatEventKind::ignored);
  CHECK(stream.read(delta(2, R"("{}")")) == ChatEventKind::ignored);
  CHECK(stream.calls(start(3, R"({"type":"tool_use","id":"t2","name":"g","input":{}})"))
            .at(0)
            .at("index") == 1);
  CHECK(stream.calls(R"({"type":"content_block_stop","index":3})") ==
        json::parse(R"([{"index":1,"function":{"arguments":"{}"}}])"));
  CHECK(stream.read(R"({"type":"message_delta","delta":{"stop_reason":"tool_use"}})") ==
        ChatEventKind::ignored);
  CHECK(stream.reader->ending().finish_reason == "tool_calls");
  CHECK(stream.text == "hm");
}

TEST_CASE("arguments in an answer are an object, the text of one, or none") {
  const auto of_ollama = [](const std::string& arguments) {
    return read(ollama(), R"({"message":{"tool_calls":[{"id":"c","function":{"name":"f",)"
                          R"("arguments":)" +
                              arguments + R"(}}]},"done":true})");
  };
  const auto arguments_of = [](const vx11::Result<vx11::ChatAnswer>& answer) {
    REQUIRE(answer.has_value());
    const json message = json::parse(answer->completion_json)["choices"][0]["message"];
    return message["tool_calls"][0]["function"]["arguments"].get<std::string>();
  };
  CHECK(arguments_of(of_ollama(R"("{\"a\": 1}")")) == R"({"a":1})");
  CHECK(arguments_of(of_ollama("null")) == "{}");
  CHECK(arguments_of(of_ollama(R"("")")) == "{}");
  const auto of_anthropic = [](const std::string& input) {
    return read(anthropic(), R"({"content":[{"type":"tool_use","id":"c","name":"f","input":)" +
                                 input + R"(}],"stop_reason":"tool_use"})");
  };
  CHECK(arguments_of(of_anthropic("null")) == "{}");
  for (const char* damaged : {"[1]", "7", R"("x")", R"("[1]")", "true"}) {
    CAPTURE(damaged);
    CHECK(holds_no_answer(of_ollama(damaged)));
    CHECK(holds_no_answer(of_anthropic(damaged)));
  }
}

TEST_CASE("ids that are made differ within a stream of equal lines") {
  Stream stream(ollama());
  const char* const line = R"({"message":{"tool_calls":[{"function":{"name":"f"}}]}})";
  const json first = stream.calls(line);
  CHECK(first.at(0).at("id") != stream.calls(line).at(0).at("id"));
}
