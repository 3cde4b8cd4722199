#include <vx11/dialect/openai.hpp>
#include <vx11/dialect/openai_target.hpp>
#include <vx11/testing/scripted_transport.hpp>

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
using vx11::OpenAiDialectOptions;

namespace {

std::shared_ptr<const vx11::ChatDialect> dialect(OpenAiDialectOptions options = {}) {
  auto made = vx11::openai_dialect(std::move(options));
  REQUIRE(made.has_value());
  return *made;
}

vx11::HttpRequest ask(const ChatRequest& chat, AnswerForm form = AnswerForm::whole,
                      OpenAiDialectOptions options = {}) {
  auto request = dialect(std::move(options))->ask(chat, form);
  REQUIRE(request.has_value());
  return *std::move(request);
}

ChatRequest completion(std::string json) {
  ChatRequest chat;
  chat.completion_json = std::move(json);
  return chat;
}

std::string mistakes_of(OpenAiDialectOptions options) {
  const auto made = vx11::openai_dialect(std::move(options));
  return made ? "" : made.error().detail;
}

vx11::Result<vx11::ChatAnswer> read(std::string body) {
  return dialect()->read(vx11::HttpResponse(200, "application/json", std::move(body)));
}

/// An answer whose first choice has this message.
std::string answer(std::string_view message, std::string_view finish = "stop") {
  return R"({"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
         R"("message":)" +
         std::string(message) + R"(,"logprobs":null,"finish_reason":")" + std::string(finish) +
         R"("}],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}})";
}

/// A chunk whose first choice has this delta.
std::string chunk(std::string_view delta, std::string_view finish = "null") {
  return R"({"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":)"
         R"([{"index":0,"delta":)" +
         std::string(delta) + R"(,"finish_reason":)" + std::string(finish) + "}]}";
}

/// Reads events in order, as a stream does.
struct Stream {
  std::unique_ptr<vx11::ChatEventReader> reader = dialect()->event_reader();
  std::string text = {};

  ChatEventKind read(std::string_view data, std::string_view name = "message") {
    return reader->read({.name = name, .data = data}, text);
  }
};

}  // namespace

TEST_CASE("a chat is asked as messages: system prompt, history, message") {
  ChatRequest chat("and now?", "s1");
  chat.history = {{"user", "hello"}, {"assistant", "hi \"you\""}};
  const auto request = ask(
      chat, AnswerForm::whole,
      {.model = "llama", .system_prompt = "Be brief.", .extra_json = R"({ "temperature": 0.20 })"});
  CHECK(request.method == "POST");
  CHECK(request.target == "/v1/chat/completions");
  CHECK(request.headers.get("content-type") == "application/json");
  CHECK(request.headers.get("accept") == "application/json");
  CHECK(request.body ==
        R"({"model":"llama","messages":[{"role":"system","content":"Be brief."},)"
        R"({"role":"user","content":"hello"},{"role":"assistant","content":"hi \"you\""},)"
        R"({"role":"user","content":"and now?"}],"stream":false,"temperature":0.20})");
}

TEST_CASE("a stream is asked for in the body and in Accept") {
  const auto request = ask(ChatRequest("hello", "s"), AnswerForm::stream);
  CHECK(request.headers.get("accept") == "text/event-stream, application/json");
  CHECK(request.body == R"({"messages":[{"role":"user","content":"hello"}],"stream":true})");
}

TEST_CASE("the newest of the history is sent, as far as the estimated tokens reach") {
  ChatRequest chat("now", "s");
  chat.history = {{"user", "12345678"}, {"assistant", "1234"}, {"user", "12345"}};
  const auto sent = [&](std::size_t tokens) {
    const auto request = ask(chat, AnswerForm::whole, {.history_tokens = tokens});
    return json::parse(request.body)["messages"].size() - 1;
  };
  CHECK(sent(0) == 0);
  CHECK(sent(1) == 0);
  CHECK(sent(2) == 1);
  CHECK(sent(3) == 2);
  CHECK(sent(4) == 2);
  CHECK(sent(5) == 3);
}

TEST_CASE("the path is configurable") {
  const ChatRequest chat("hello", "s");
  CHECK(ask(chat, AnswerForm::whole, {.base_path = "/api/v3/"}).target ==
        "/api/v3/chat/completions");
  CHECK(ask(chat, AnswerForm::whole, {.base_path = ""}).target == "/chat/completions");
  CHECK(ask(chat, AnswerForm::whole, {.base_path = "/d/x/?api-version=1&a=b/"}).target ==
        "/d/x/chat/completions?api-version=1&a=b/");
  CHECK(ask(chat, AnswerForm::whole, {.base_path = "/v1?"}).target == "/v1/chat/completions");
  CHECK(ask(chat, AnswerForm::whole, {.path = "/deployments/x/chat?api-version=1"}).target ==
        "/deployments/x/chat?api-version=1");
}

TEST_CASE("a client's body goes out as it is but for model and stream") {
  const std::string body =
      "{ \"model\" : \"vx11\",\n\"seed\":1.0e+2,\"messages\":[{\"role\":\"developer\","
      "\"content\":[{\"type\":\"text\",\"text\":\"\\u00e9\"}]}], \"tools\":[],\"x\":1e999}";
  CHECK(ask(completion(body)).body == body);
  CHECK(ask(completion(body), AnswerForm::stream, {.model = "qwen \"3\""}).body ==
        "{ \"model\" : \"qwen \\\"3\\\"\",\n\"seed\":1.0e+2,\"messages\":[{\"role\":\"developer\","
        "\"content\":[{\"type\":\"text\",\"text\":\"\\u00e9\"}]}], \"tools\":[],\"x\":1e999,"
        "\"stream\":true}");
}

TEST_CASE("neither system prompt nor extra members are added to a client's body") {
  const OpenAiDialectOptions options = {.system_prompt = "p", .extra_json = R"({"a":1})"};
  CHECK(ask(completion(R"({"messages":[]})"), AnswerForm::whole, options).body ==
        R"({"messages":[]})");
}

TEST_CASE("a client's stream that becomes a whole answer has no stream options") {
  const std::string body = R"({"stream":true,"stream_options":{"include_usage":true}})";
  CHECK(ask(completion(body), AnswerForm::stream).body == body);
  CHECK(ask(completion(body)).body == R"({"stream":false,"stream_options":null})");
}

TEST_CASE("what cannot be sent is refused") {
  for (const char* body : {"[]", "{", "\"x\"", "{\"a\":}"}) {
    CAPTURE(body);
    const auto request = dialect()->ask(completion(body), AnswerForm::whole);
    REQUIRE_FALSE(request);
    CHECK(request.error().code == Errc::invalid_argument);
    CHECK(request.error().detail.starts_with("completion: not "));
  }
  CHECK(dialect()->ask(ChatRequest("", "s")).error().detail == "the message is empty");
}

TEST_CASE("every mistake of the options is named") {
  CHECK(mistakes_of({}).empty());
  CHECK(
      mistakes_of({.base_path = "v1", .path = "/a b", .extra_json = R"({"stream":1,"model":2})"}) ==
      "base_path must begin with / and be ASCII; path must begin with / and be ASCII; "
      "extra_json: model is written by the dialect; "
      "extra_json: stream is written by the dialect");
  CHECK(mistakes_of({.extra_json = "[]"}) == "extra_json: not an object");
}

TEST_CASE("an answer is the content of the first choice") {
  const std::string body = answer(R"({"role":"assistant","content":"hel\u006co","refusal":null})");
  const auto got = read(body);
  REQUIRE(got.has_value());
  CHECK(got->text == "hello");
  CHECK(got->completion_json == body);
  CHECK(got->ending.finish_reason == "stop");
  CHECK(got->ending.input_tokens == 9U);
  CHECK(got->ending.output_tokens == 12U);
  const json rest = json::parse(got->upstream_json);
  CHECK(rest["model"] == "m");
  CHECK(rest["usage"]["total_tokens"] == 21);
  CHECK_FALSE(rest.contains("choices"));
}

TEST_CASE("content in parts is the text of the parts") {
  const auto got = read(answer(R"({"content":[{"type":"text","text":"a"},{"type":"x"},)"
                               R"({"type":"text","text":"b"}]})"));
  REQUIRE(got.has_value());
  CHECK(got->text == "ab");
}

TEST_CASE("tool calls, refusals and reasoning are answers without text") {
  for (const char* message :
       {R"({"content":null,"tool_calls":[{"id":"t","type":"function"}]})",
        R"({"content":null,"refusal":"no"})", R"({"content":"","reasoning_content":"hm"})",
        R"({"content":"","reasoning":"hm"})", R"({"function_call":{"name":"f"}})"}) {
    CAPTURE(message);
    const std::string body = answer(message, "tool_calls");
    const auto got = read(body);
    REQUIRE(got.has_value());
    CHECK(got->text.empty());
    CHECK(got->completion_json == body);
    CHECK(got->ending.finish_reason == "tool_calls");
  }
}

TEST_CASE("an answer that contains nothing is empty") {
  for (const std::string& body : {answer(R"({"content":null,"tool_calls":[],"refusal":""})"),
                                  answer(R"({"content":""})"), answer("null")}) {
    CAPTURE(body);
    const auto got = read(body);
    REQUIRE(got.has_value());
    CHECK(got->text.empty());
    CHECK(got->completion_json == body);
    CHECK(got->is_empty);
  }
  const auto none = read(R"({"choices":[]})");
  CHECK(none->completion_json.empty());
  CHECK_FALSE(none->is_empty);
}

TEST_CASE("an answer without content is one if its reason explains that") {
  for (const char* reason : {"length", "content_filter"}) {
    CAPTURE(reason);
    const std::string body = answer(R"({"content":""})", reason);
    CHECK(read(body)->completion_json == body);
    CHECK(read(body)->ending.finish_reason == reason);
    CHECK_FALSE(read(body)->is_empty);
  }
  CHECK(read(R"({"choices":[{"message":{"content":""},"finish_reason":null}]})")
            ->completion_json.empty());
}

TEST_CASE("an error in the body, and what is no completion, are answers without a text") {
  for (const char* body :
       {R"({"error":{"message":"flagged"}})", R"({"choices":[],"error":"x"})", "{}", "[]",
        R"({"choices":{}})", R"({"choices":[1]})", R"({"choices":[{"message":1}]})"}) {
    CAPTURE(body);
    const auto got = read(body);
    REQUIRE(got.has_value());
    CHECK(got->text.empty());
    CHECK(got->completion_json.empty());
  }
  for (const char* body : {"", "<html>", R"({"choices":[)"}) {
    CAPTURE(body);
    CHECK(read(body).error().code == Errc::invalid_reply);
  }
  CHECK(read(R"({"error":null,"choices":[{"message":{"content":"x"}}]})")->text == "x");
}

TEST_CASE("a stream: role, pieces, finish, usage, end") {
  Stream stream;
  CHECK(stream.read(chunk(R"({"role":"assistant","content":""})")) == ChatEventKind::envelope);
  CHECK(stream.read(chunk(R"({"content":"hel"})")) == ChatEventKind::piece);
  CHECK(stream.read(chunk(R"({"content":"lo"})")) == ChatEventKind::piece);
  CHECK_FALSE(stream.reader->complete_at_close());
  CHECK(stream.read(chunk("{}", R"("length")")) == ChatEventKind::envelope);
  CHECK(stream.reader->complete_at_close());
  CHECK(stream.read(
            R"({"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}})") ==
        ChatEventKind::envelope);
  CHECK(stream.read("[DONE]") == ChatEventKind::end);
  CHECK(stream.text == "hello");
  CHECK(stream.reader->ending().finish_reason == "length");
  CHECK(stream.reader->ending().input_tokens == 3U);
  CHECK(stream.reader->ending().output_tokens == 4U);
  CHECK(
      json::parse(stream.reader->upstream_json()) ==
      json::parse(R"({"id":"c1","model":"m","usage":{"prompt_tokens":3,"completion_tokens":4}})"));
}

TEST_CASE("a chunk is read in the same way, whatever chunk came before it") {
  std::vector<std::string> chunks = {
      chunk("{}", R"("stop")"),
      chunk(R"({"role":"assistant","content":"a"})"),
      chunk(R"({"content":"first","content":"last"})"),
      chunk(R"({"content":"said","reasoning":"thought"})"),
      chunk(R"({ "content" : "spaced" })"),
      R"({"id":"twin","model":"twin","choices":[{"index":0,"delta":{"content":"twin"}}]})",
      R"({"id":"twin","model":"twin","choices":[{"index":0,"delta":{"content":"other"}}]})",
      R"({"id":"\u0061","choices":[{"index":0,"delta":{"content":"\u0061"}}]})",
      R"({"choices":[{"index":1,"delta":{"content":"b"}}]})",
      R"({"choices":[{"index":1,"delta":{"content":"a"}},{"index":0,"delta":{"content":"b"}}]})",
      R"({"choices":[{"index":0,"delta":{"content":"a"}},{"index":0,"delta":{"content":"b"}}]})",
      R"({"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"part"}]}}]})",
      R"({"choices":[{"index":0,"delta":{"content":"x"}}],"error":{"message":"y"}})",
      R"({"choices":[{"index":0,"delta":{"content":"x"}}],"usage":{"prompt_tokens":7}})",
      "[DONE]"};
  for (const char* inside :
       {"", " ", "word", "a longer text than a register is wide", "\xC3\xA9", "\\n", "\\\"", "\"",
        "\",\"refusal\":\"no", "\\", "\xFF", "\n", "\xE2\x80\xA8"}) {
    chunks.push_back(chunk(R"({"content":")" + std::string(inside) + "\"}"));
  }
  for (std::size_t cut = 1; cut < 60; cut += 7) {
    chunks.push_back(chunks[1].substr(0, chunks[1].size() - cut));
  }
  for (const std::string& before : chunks) {
    for (const std::string& data : chunks) {
      CAPTURE(before);
      CAPTURE(data);
      Stream fresh;
      const ChatEventKind kind = fresh.read(data);
      Stream used;
      used.read(before);
      used.text.clear();
      CHECK(used.read(data) == kind);
      CHECK(used.text == fresh.text);
    }
  }
}

TEST_CASE("tool calls, refusals, reasoning and further choices are parts of a stream") {
  Stream stream;
  for (const char* delta :
       {R"({"tool_calls":[{"index":0,"function":{"arguments":"{"}}]})", R"({"refusal":"no"})",
        R"({"reasoning_content":"hm"})", R"({"reasoning":"hm"})"}) {
    CAPTURE(delta);
    CHECK(stream.read(chunk(delta)) == ChatEventKind::part);
  }
  CHECK(stream.read(R"({"choices":[{"index":1,"delta":{"content":"other"}}]})") ==
        ChatEventKind::part);
  CHECK(stream.text.empty());
}

TEST_CASE("the finish of a further choice does not complete the answer") {
  Stream stream;
  CHECK(stream.read(R"({"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]})") ==
        ChatEventKind::envelope);
  CHECK_FALSE(stream.reader->complete_at_close());
}

TEST_CASE("errors in a stream, and chunks that are damaged") {
  for (const char* data :
       {R"({"error":{"message":"overloaded"}})", R"({"choices":[],"error":"x"})",
        R"({"choices":[{)", R"({"choices":[1]})", R"({"choices":[{"delta":1}]})", "plain words"}) {
    CAPTURE(data);
    CHECK(Stream().read(data) == ChatEventKind::error);
  }
  CHECK(Stream().read("{}", "error") == ChatEventKind::error);
}

TEST_CASE("other events and data are passed over") {
  for (const char* data : {"", " ", "{}", "null", "42", R"({"type":"ping"})"}) {
    CAPTURE(data);
    CHECK(Stream().read(data) == ChatEventKind::ignored);
  }
  CHECK(Stream().read(chunk(R"({"content":"x"})"), "ping") == ChatEventKind::ignored);
}

TEST_CASE("a target is made of a base URL and a key, and a router asks it") {
  vx11::testing::ManualClock clock;
  const auto transport = std::make_shared<vx11::testing::ScriptedTransport>(clock);
  transport->then_json(answer(R"({"content":"hello"})"));
  auto target = vx11::make_openai_target({.name = "llama",
                                          .url = "http://h:8080/api/v1/",
                                          .transport = transport,
                                          .key = "k",
                                          .dialect = {.model = "m"}});
  REQUIRE(target.has_value());
  CHECK(target->url == "http://h:8080");
  auto router = vx11::Router::create({.targets = {*target}, .clock = clock});
  REQUIRE(router.has_value());
  const auto reply = router->ask(ChatRequest("hi", "s"));
  REQUIRE(reply.has_value());
  CHECK(reply->text == "hello");
  CHECK(reply->ending.output_tokens == 12U);
  const auto asked = transport->requests().front();
  CHECK(asked.target == "/api/v1/chat/completions");
  CHECK(asked.headers.get("authorization") == "Bearer k");
}

TEST_CASE("without a path a target has the API's own; mistakes are those of the dialect") {
  const auto target = vx11::make_openai_target({.name = "a", .url = "http://h:1/"});
  REQUIRE(target.has_value());
  CHECK(target->url == "http://h:1");
  CHECK(target->dialect->ask(ChatRequest("hi", "s"), AnswerForm::whole)->target ==
        "/v1/chat/completions");
  CHECK(vx11::make_openai_target({.url = "http://h/a b"}).error().code == Errc::invalid_argument);
}

TEST_CASE("a target of a URL with a query, with the key in a header of its own") {
  const auto path_of = [](std::string url) {
    const auto target = vx11::make_openai_target({.name = "a", .url = std::move(url)});
    return target.value().dialect->ask(ChatRequest("hello", "s"), AnswerForm::whole).value().target;
  };
  CHECK(path_of("http://h:1/openai/deployments/d?api-version=2024-10-21") ==
        "/openai/deployments/d/chat/completions?api-version=2024-10-21");
  CHECK(path_of("http://h:1?a=b") == "/v1/chat/completions?a=b");
  CHECK(path_of("http://h:1/?a=b") == "/v1/chat/completions?a=b");
  const auto azure = vx11::make_openai_target(
      {.name = "a", .url = "http://h:1/d?v=1", .key = "secret", .key_header = "api-key"});
  CHECK(azure->url == "http://h:1");
  CHECK(azure->headers.get("api-key") == "secret");
  CHECK(azure->headers.size() == 1);
}
