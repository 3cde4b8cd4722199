#include <vx11/dialect/anthropic.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using nlohmann::json;
using vx11::AnswerForm;
using vx11::AnthropicDialectOptions;
using vx11::ChatEventKind;
using vx11::ChatRequest;
using vx11::Errc;

namespace {

std::shared_ptr<const vx11::ChatDialect> dialect(AnthropicDialectOptions options = {.model = "m"}) {
  auto made = vx11::anthropic_dialect(std::move(options));
  REQUIRE(made.has_value());
  return *made;
}

vx11::HttpRequest ask(const ChatRequest& chat, AnthropicDialectOptions options = {.model = "m"},
                      AnswerForm form = AnswerForm::whole) {
  auto request = dialect(std::move(options))->ask(chat, form);
  REQUIRE(request.has_value());
  return *std::move(request);
}

ChatRequest completion(std::string json) {
  ChatRequest chat;
  chat.completion_json = std::move(json);
  return chat;
}

vx11::Result<vx11::ChatAnswer> read(std::string body) {
  return dialect()->read(vx11::HttpResponse(200, "application/json", std::move(body)));
}

/// Reads events in order, as a stream does.
struct Stream {
  std::unique_ptr<vx11::ChatEventReader> reader = dialect()->event_reader();
  std::string text = {};

  ChatEventKind read(std::string_view name, std::string_view data) {
    return reader->read({.name = name, .data = data}, text);
  }
};

}  // namespace

TEST_CASE("the messages API is asked with its version, a limit and the system prompt apart") {
  ChatRequest chat("and now?", "s1");
  chat.history = {{"assistant", "cut off"}, {"user", "hello"}, {"assistant", "hi"}};
  const auto request =
      ask(chat, {.model = "claude", .system_prompt = "Be brief.", .extra_json = R"({"top_k":5})"},
          AnswerForm::stream);
  CHECK(request.method == "POST");
  CHECK(request.target == "/v1/messages");
  CHECK(request.headers.get("anthropic-version") == "2023-06-01");
  CHECK(request.headers.get("accept") == "text/event-stream, application/json");
  CHECK(request.body == R"({"model":"claude","max_tokens":4096,"system":"Be brief.","messages":[)"
                        R"({"role":"user","content":"hello"},{"role":"assistant","content":"hi"},)"
                        R"({"role":"user","content":"and now?"}],"stream":true,"top_k":5})");
}

TEST_CASE("of a client's body, messages, system messages and sampling are translated") {
  const auto request =
      ask(completion(R"({"model":"x","messages":[{"role":"system","content":"a"},)"
                     R"({"role":"user","content":"q"},{"role":"developer","content":"b"}],)"
                     R"("temperature":0.5,"stop":["X","Y"],"max_completion_tokens":77,"seed":1})"),
          {.model = "m", .extra_json = R"({"temperature":1,"top_k":5})"});
  CHECK(
      request.body ==
      R"({"model":"m","temperature":0.5,"stop_sequences":["X","Y"],"max_tokens":77,)"
      R"("system":"a\n\nb","messages":[{"role":"user","content":"q"}],"stream":false,"top_k":5})");
}

TEST_CASE("seed is a hint; penalties and tools of other kinds are refused") {
  const std::string start = R"({"messages":[{"role":"user","content":"x"}],)";
  CHECK(dialect()->ignored_members(completion(start + R"("seed":1})")).front() == "seed");
  CHECK(dialect()->ask(completion(start + R"("presence_penalty":0})"), AnswerForm::whole));
  CHECK(dialect()->ask(completion(start + R"("frequency_penalty":0.0,"n":1.0,"top_logprobs":0})"),
                       AnswerForm::whole));
  for (const char* member : {R"("presence_penalty":0.5)", R"("tools":[{}])"}) {
    CAPTURE(member);
    const auto refused = dialect()->ask(completion(start + member + "}"), AnswerForm::whole);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid_argument);
  }
  CHECK_FALSE(dialect({})->ask(ChatRequest("hello", "s"), AnswerForm::whole));
}

TEST_CASE("a temperature above what the API takes is refused, not sent") {
  const auto ask = [](const std::string& temperature) {
    return dialect()->ask(completion(R"({"messages":[{"role":"user","content":"x"}],)"
                                     R"("temperature":)" +
                                     temperature + "}"),
                          AnswerForm::whole);
  };
  CHECK(ask("1").has_value());
  CHECK(ask("0.7").has_value());
  for (const char* hot : {"1.01", "2", "15e-1"}) {
    CAPTURE(hot);
    CHECK(ask(hot).error().code == Errc::invalid_argument);
    CHECK(ask(hot).error().detail == "temperature: this upstream's API takes 0 to 1");
  }
}

TEST_CASE("every mistake of the options is named") {
  const auto made = vx11::anthropic_dialect(
      {.base_path = "x", .version = "", .max_tokens = 0, .extra_json = R"({"system":""})"});
  REQUIRE_FALSE(made);
  CHECK(made.error().detail ==
        "base_path must begin with / and be ASCII; max_tokens must be at least 1; "
        "version must not be empty; extra_json: system is written by the dialect");
}

TEST_CASE("a whole answer is the text of its blocks") {
  const auto got =
      read(R"({"id":"msg_1","type":"message","role":"assistant","model":"m","content":[)"
           R"({"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"hel"},)"
           R"({"type":"text","text":"lo"}],"stop_reason":"max_tokens","stop_sequence":null,)"
           R"("usage":{"input_tokens":3,"output_tokens":4}})");
  REQUIRE(got.has_value());
  CHECK(got->text == "hello");
  CHECK(got->completion_json.empty());
  CHECK(got->ending.finish_reason == "length");
  CHECK(got->ending.input_tokens == 3U);
  CHECK(got->ending.output_tokens == 4U);
  CHECK(json::parse(got->upstream_json)["usage"]["output_tokens"] == 4);
  CHECK(read(R"({"content":[],"stop_reason":"end_turn"})")->text.empty());
  for (const char* body :
       {R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})", "{}", "[]"}) {
    CAPTURE(body);
    const auto without = read(body);
    REQUIRE(without.has_value());
    CHECK(without->text.empty());
  }
  CHECK(read("<html>").error().code == Errc::invalid_reply);
}

TEST_CASE("a stream of named events") {
  Stream stream;
  CHECK(stream.read("message_start",
                    R"({"type":"message_start","message":{"id":"msg_1","model":"m","content":[],)"
                    R"("usage":{"input_tokens":25,"output_tokens":1}}})") ==
        ChatEventKind::ignored);
  CHECK(stream.read("content_block_start",
                    R"({"type":"content_block_start","index":0,"content_block":)"
                    R"({"type":"text","text":""}})") == ChatEventKind::ignored);
  CHECK(stream.read("ping", R"({"type": "ping"})") == ChatEventKind::ignored);
  for (const char* text : {"hel", "lo"}) {
    CHECK(stream.read("content_block_delta",
                      R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta",)"
                      R"("text":")" +
                          std::string(text) + "\"}}") == ChatEventKind::piece);
  }
  CHECK(stream.read("content_block_delta",
                    R"({"type":"content_block_delta","delta":{"type":"thinking_delta",)"
                    R"("thinking":"no"}})") == ChatEventKind::part);
  CHECK(stream.read("content_block_stop", R"({"type":"content_block_stop","index":0})") ==
        ChatEventKind::ignored);
  CHECK_FALSE(stream.reader->complete_at_close());
  CHECK(stream.read("message_delta",
                    R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
                    R"("usage":{"output_tokens":15}})") == ChatEventKind::ignored);
  CHECK(stream.reader->complete_at_close());
  CHECK(stream.read("message_stop", R"({"type":"message_stop"})") == ChatEventKind::end);
  CHECK(stream.text == "hello");
  CHECK(stream.reader->ending().finish_reason == "stop");
  CHECK(stream.reader->ending().input_tokens == 25U);
  CHECK(stream.reader->ending().output_tokens == 15U);
  CHECK(stream.reader->upstream_json() == R"({"id":"msg_1","model":"m"})");
}

TEST_CASE("an answer that a filter or a limit has emptied has its reason") {
  const auto refused = read(R"({"content":[],"stop_reason":"refusal"})");
  REQUIRE(refused.has_value());
  CHECK(refused->text.empty());
  CHECK(refused->ending.finish_reason == "content_filter");
  CHECK(json::parse(refused->completion_json) ==
        json::parse(R"({"choices":[{"index":0,"message":{"role":"assistant","content":null},)"
                    R"("finish_reason":"content_filter"}]})"));
  CHECK(read(R"({"content":[],"stop_reason":"max_tokens"})")->ending.finish_reason == "length");
  CHECK_FALSE(refused->is_empty);
  const auto nothing = read(R"({"content":[],"stop_reason":"end_turn"})");
  CHECK(nothing->is_empty);
  CHECK(json::parse(nothing->completion_json)["choices"][0]["finish_reason"] == "stop");
  CHECK_FALSE(read(R"({"content":[]})")->is_empty);
  const std::string text = R"({"content":[{"type":"text","text":"x"}],"stop_reason":"refusal"})";
  CHECK(read(text)->completion_json.empty());
}

TEST_CASE("the reason of an empty stream belongs to the answer, that of another one is its end") {
  constexpr const char* kRefused =
      R"({"type":"message_delta","delta":{"stop_reason":"refusal"},"usage":{"output_tokens":1}})";
  Stream empty;
  CHECK(empty.read("message_delta", kRefused) == ChatEventKind::envelope);
  CHECK(empty.reader->ending().finish_reason == "content_filter");
  Stream begun;
  begun.read("content_block_delta", R"({"type":"content_block_delta","delta":)"
                                    R"({"type":"text_delta","text":"x"}})");
  begun.text.clear();
  CHECK(begun.read("message_delta", kRefused) == ChatEventKind::ignored);
  CHECK(Stream().read("message_delta",
                      R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})") ==
        ChatEventKind::ignored);
}

TEST_CASE("null in place of a string is no text") {
  CHECK(read(R"({"content":[{"type":"text","text":null}]})")->text.empty());
  Stream stream;
  stream.read("message_start", R"({"type":"message_start","message":{"id":null,"model":null}})");
  stream.read("content_block_delta", R"({"type":"content_block_delta","delta":)"
                                     R"({"type":"text_delta","text":null}})");
  CHECK(stream.text.empty());
  CHECK(stream.reader->upstream_json() == "{}");
}

TEST_CASE("input tokens include those that were read from and written to the cache") {
  const auto got = read(R"({"content":[{"type":"text","text":"x"}],"usage":{"input_tokens":3,)"
                        R"("cache_read_input_tokens":20,"cache_creation_input_tokens":100,)"
                        R"("output_tokens":4}})");
  CHECK(got->ending.input_tokens == 123U);
  Stream stream;
  stream.read("message_start", R"({"type":"message_start","message":{"usage":{"input_tokens":3,)"
                               R"("cache_read_input_tokens":20,"output_tokens":1}}})");
  stream.read("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
                               R"("usage":{"input_tokens":3,"output_tokens":9}})");
  CHECK(stream.reader->ending().input_tokens == 23U);
  CHECK(stream.reader->ending().output_tokens == 9U);
}

TEST_CASE("errors and damaged events break a stream of named events") {
  CHECK(Stream().read("error", R"({"type":"error","error":{"type":"overloaded_error"}})") ==
        ChatEventKind::error);
  CHECK(Stream().read("message", R"({"type":"error","error":{"type":"overloaded_error"}})") ==
        ChatEventKind::error);
  CHECK(Stream().read("content_block_delta", R"({"type":"content_block_delta","del)") ==
        ChatEventKind::error);
  CHECK(Stream().read("later_event", R"({"type":"later_event"})") == ChatEventKind::ignored);
}
