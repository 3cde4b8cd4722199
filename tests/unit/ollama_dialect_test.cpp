#include <vx11/dialect/ollama.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using nlohmann::json;
using vx11::AnswerForm;
using vx11::ChatEventKind;
using vx11::ChatRequest;
using vx11::Errc;
using vx11::OllamaDialectOptions;

namespace {

std::shared_ptr<const vx11::ChatDialect> dialect(OllamaDialectOptions options = {.model = "m"}) {
  auto made = vx11::ollama_dialect(std::move(options));
  REQUIRE(made.has_value());
  return *made;
}

std::string body_of(const ChatRequest& chat, OllamaDialectOptions options = {.model = "m"},
                    AnswerForm form = AnswerForm::whole) {
  auto request = dialect(std::move(options))->ask(chat, form);
  REQUIRE(request.has_value());
  return request->body;
}

ChatRequest completion(std::string json) {
  ChatRequest chat;
  chat.completion_json = std::move(json);
  return chat;
}

/// Why a completion with this member beside its messages is refused; empty if it is not.
std::string refusal(const std::string& member) {
  const auto request =
      dialect()->ask(completion(R"({"messages":[{"role":"user","content":"x"}],)" + member + "}"),
                     AnswerForm::whole);
  if (request) return {};
  CHECK(request.error().code == Errc::invalid_argument);
  return request.error().detail;
}

std::string message_refusal(const std::string& message) {
  const auto request =
      dialect()->ask(completion(R"({"messages":[)" + message + "]}"), AnswerForm::whole);
  return request ? "" : request.error().detail.substr(0, request.error().detail.find(':'));
}

vx11::Result<vx11::ChatAnswer> read(std::string body) {
  return dialect()->read(vx11::HttpResponse(200, "application/json", std::move(body)));
}

}  // namespace

TEST_CASE("Ollama is asked with messages and a model") {
  ChatRequest chat("and now?", "s1");
  chat.history = {{"user", "hello"}, {"assistant", "hi"}};
  const auto request = dialect({.base_path = "/models/",
                                .model = "qwen3",
                                .system_prompt = "Be brief.",
                                .extra_json = R"({"keep_alive":"1h","options":{"num_ctx":8192}})"})
                           ->ask(chat, AnswerForm::stream);
  REQUIRE(request.has_value());
  CHECK(request->method == "POST");
  CHECK(request->target == "/models/api/chat");
  CHECK(request->headers.get("accept") == "application/x-ndjson, application/json");
  CHECK(request->body ==
        R"({"model":"qwen3","messages":[{"role":"system","content":"Be brief."},)"
        R"({"role":"user","content":"hello"},{"role":"assistant","content":"hi"},)"
        R"({"role":"user","content":"and now?"}],"stream":true,"options":{"num_ctx":8192},)"
        R"("keep_alive":"1h"})");
}

TEST_CASE("of a client's body, messages and sampling are translated") {
  const ChatRequest chat = completion(
      R"( {"model":"vx11","messages":[{"role":"developer","content":"Be brief."},)"
      R"({"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],)"
      R"("temperature":0.20,"top_p":1,"seed":7,"stop":"END","max_tokens":5,)"
      R"("max_completion_tokens":9,"n":1,"tools":[],"response_format":{"type": "text"},)"
      R"("stream":true,"stream_options":{"include_usage":true},"logprobs":false} )");
  CHECK(body_of(chat, {}) ==
        R"({"model":"vx11","messages":[{"role":"system","content":"Be brief."},)"
        R"({"role":"user","content":"ab"}],"stream":false,"options":{"temperature":0.20,"top_p":1,)"
        R"("seed":7,"stop":["END"],"num_predict":9}})");
  CHECK(json::parse(body_of(chat))["model"] == "m");
}

TEST_CASE("a client's option replaces that of the configuration") {
  const ChatRequest chat =
      completion(R"({"messages":[{"role":"user","content":"x"}],"temperature":0})");
  const json body = json::parse(
      body_of(chat, {.model = "m", .extra_json = R"({"options":{"temperature":1,"num_ctx":2}})"}));
  CHECK(body["options"] == json::parse(R"({"temperature":0,"num_ctx":2})"));
}

TEST_CASE("what cannot be expressed is refused by its name") {
  for (const char* member :
       {R"("response_format":{"type":"json_object"})", R"("tool_choice":"required")", R"("n":2)",
        R"("logprobs":true)", R"("top_logprobs":3)", R"("audio":{"voice":"x"})",
        R"("logit_bias":{"5":1})", R"("never_heard_of":1)", R"("never_heard_of":false)",
        R"("web_search_options":{})", R"("functions":{})", R"("n":1.5)"}) {
    CAPTURE(member);
    const std::string name = json::parse("{" + std::string(member) + "}").begin().key();
    CHECK(refusal(member) == name + ": the upstream's API has no such member; leave it out");
  }
  CHECK(refusal(R"("tools":false)") == "tools: must be a list of functions");
  CHECK(refusal(R"("tools":[{"type":"function"}])") ==
        "tools[0]: must be a function with a name, and an object as its parameters");
  CHECK(message_refusal(R"({"role":"function","content":"x"})") == "messages[0].role");
  CHECK(message_refusal(R"({"role":"user","content":[{"type":"image_url","image_url":{}}]})") ==
        "messages[0].content");
  const auto image = dialect()->ask(
      completion(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})"),
      AnswerForm::whole);
  CHECK(image.error().detail.find("only parts of type text are translated") != std::string::npos);
  CHECK(message_refusal(R"({"role":"user","content":"x"},{"role":"assistant","content":"",)"
                        R"("tool_calls":[{"id":"t"}]})") == "messages[1].tool_calls[0]");
  CHECK(message_refusal(R"({"role":"system","content":"x"})") == "messages");
}

TEST_CASE("values that ask for nothing are accepted, however their numbers are written") {
  for (const char* member :
       {R"("never_heard_of":null)", R"("n":1.0)", R"("n":1)", R"("top_logprobs":0)",
        R"("top_logprobs":0.0)", R"("logprobs":false)", R"("store":false)", R"("tools": [ ])",
        R"("functions":[])", R"("logit_bias":{ })", R"("metadata":{})", R"("modalities":["text"])",
        R"("stop":[])", R"("stop":null)", R"("parallel_tool_calls":false)"}) {
    CAPTURE(member);
    CHECK(refusal(member).empty());
  }
}

TEST_CASE("a zero of the client replaces the value of the configuration") {
  const json body = json::parse(
      body_of(completion(R"({"messages":[{"role":"user","content":"x"}],"presence_penalty":0.0})"),
              {.model = "m", .extra_json = R"({"options":{"presence_penalty":1}})"}));
  CHECK(body["options"]["presence_penalty"] == 0.0);
}

TEST_CASE("of duplicate messages the last count") {
  const json body =
      json::parse(body_of(completion(R"({"messages":[{"role":"system","content":"a"},)"
                                     R"({"role":"user","content":"b"}],)"
                                     R"("messages":[{"role":"user","content":"c"}]})")));
  CHECK(body["messages"] == json::parse(R"([{"role":"user","content":"c"}])"));
}

TEST_CASE("a part of text without a text is refused") {
  CHECK(message_refusal(R"({"role":"user","content":[{"type":"text","text":null}]})") ==
        "messages[0].content");
  CHECK(message_refusal(R"({"role":"user","content":[{"type":"text"}]})") == "messages[0].content");
}

TEST_CASE("hints are left out and reported") {
  const ChatRequest chat = completion(
      R"({"messages":[{"role":"user","content":"x"}],"user":"u","store":true,"metadata":{"a":"b"}})");
  CHECK(json::parse(body_of(chat)).size() == 3);
  CHECK(dialect()->ignored_members(chat) == std::vector<std::string>{"user", "store", "metadata"});
}

TEST_CASE("what is left out of messages is reported once") {
  const ChatRequest chat = completion(
      R"({"messages":[{"role":"user","name":"ann","refusal":null,"content":[{"type":"text",)"
      R"("text":"a","cache_control":{"type":"ephemeral"}}]},{"role":"user","name":"bob",)"
      R"("content":"b"},{"role":"assistant","content":"c","refusal":"no"}]})");
  CHECK(dialect()->ignored_members(chat) ==
        std::vector<std::string>{"messages[].name", "messages[].content[].cache_control",
                                 "messages[].refusal"});
}

TEST_CASE("a chat without a model is refused") {
  const auto request = dialect({})->ask(ChatRequest("hello", "s"), AnswerForm::whole);
  REQUIRE_FALSE(request);
  CHECK(request.error().detail == "model: the upstream's API requires one");
}

TEST_CASE("a whole answer of Ollama") {
  const auto got =
      read(R"({"model":"m","created_at":"t","message":{"role":"assistant","content":"hello"},)"
           R"("done":true,"done_reason":"length","prompt_eval_count":3,"eval_count":4})");
  REQUIRE(got.has_value());
  CHECK(got->text == "hello");
  CHECK(got->completion_json.empty());
  CHECK(got->ending.finish_reason == "length");
  CHECK(got->ending.input_tokens == 3U);
  CHECK(got->ending.output_tokens == 4U);
  CHECK(got->upstream_json == R"({"model":"m","created_at":"t"})");
  CHECK(read(R"({"message":{"content":""},"done":true})")->text.empty());
  for (const char* body : {R"({"error":"model not found"})", "{}", "[]"}) {
    CAPTURE(body);
    const auto without = read(body);
    REQUIRE(without.has_value());
    CHECK(without->text.empty());
  }
  CHECK(read("x").error().code == Errc::invalid_reply);
}

TEST_CASE("an answer that a limit has emptied has its reason") {
  const char* const kEmptied = R"({"message":{"content":""},"done":true,"done_reason":"length"})";
  const auto got = read(kEmptied);
  REQUIRE(got.has_value());
  CHECK(json::parse(got->completion_json) ==
        json::parse(R"({"choices":[{"index":0,"message":{"role":"assistant","content":null},)"
                    R"("finish_reason":"length"}]})"));
  CHECK_FALSE(got->is_empty);
  const auto nothing = read(R"({"message":{"content":""},"done":true,"done_reason":"stop"})");
  CHECK(nothing->is_empty);
  CHECK(json::parse(nothing->completion_json)["choices"][0]["finish_reason"] == "stop");
  CHECK_FALSE(read(R"({"message":{"content":""},"done":false})")->is_empty);
  std::string text;
  const auto empty = dialect()->event_reader();
  CHECK(empty->read({.data = kEmptied}, text) == ChatEventKind::envelope);
  CHECK(empty->complete_at_close());
  const auto begun = dialect()->event_reader();
  begun->read({.data = R"({"message":{"content":"x"},"done":false})"}, text);
  CHECK(begun->read({.data = kEmptied}, text) == ChatEventKind::end);
}

TEST_CASE("a stream of Ollama: lines, and the last with the counts") {
  CHECK(dialect()->framing() == vx11::StreamFraming::json_lines);
  const auto reader = dialect()->event_reader();
  std::string text;
  const auto line = [&](std::string_view data) { return reader->read({.data = data}, text); };
  CHECK(line(R"({"message":{"role":"assistant","content":"","thinking":"hm"},"done":false})") ==
        ChatEventKind::part);
  CHECK(line(R"({"message":{"content":null,"thinking":""},"done":false})") ==
        ChatEventKind::ignored);
  CHECK(line(R"({"message":{"content":"hel"},"done":false})") == ChatEventKind::piece);
  CHECK(line(R"({"message":{"content":"lo"},"done":false})") == ChatEventKind::piece);
  CHECK_FALSE(reader->complete_at_close());
  CHECK(line(R"({"model":"m","message":{"content":""},"done":true,"done_reason":"stop",)"
             R"("eval_count":2})") == ChatEventKind::end);
  CHECK(text == "hello");
  CHECK(reader->ending().output_tokens == 2U);
  CHECK(reader->upstream_json() == R"({"model":"m"})");
}

TEST_CASE("text in Ollama's last line is not lost; errors and damaged lines break the stream") {
  std::string text;
  const auto reader = dialect()->event_reader();
  CHECK(reader->read({.data = R"({"message":{"content":"all"},"done":true})"}, text) ==
        ChatEventKind::piece);
  CHECK(reader->complete_at_close());
  for (const char* data : {R"({"error":"out of memory"})", R"({"message":{"con)", "[]", "words"}) {
    CAPTURE(data);
    CHECK(dialect()->event_reader()->read({.data = data}, text) == ChatEventKind::error);
  }
}
