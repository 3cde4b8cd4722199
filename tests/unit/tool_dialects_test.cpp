// Tools in the dialects that translate: requests, whole answers and streams.

#include <vx11/dialect/anthropic.hpp>
#include <vx11/dialect/ollama.hpp>

#include <algorithm>
#include <cctype>
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

namespace {

using Dialect = std::shared_ptr<const vx11::ChatDialect>;

Dialect ollama(std::string extra = "{}") {
  return vx11::ollama_dialect({.model = "m", .extra_json = std::move(extra)}).value();
}
Dialect anthropic(std::string extra = "{}") {
  return vx11::anthropic_dialect({.model = "m", .extra_json = std::move(extra)}).value();
}

const std::string kTools =
    R"("tools":[{"type":"function","function":{"name":"weather","description":"of a town",)"
    R"("parameters":{"type":"object","properties":{"town":{"type":"string"}}}}},)"
    R"({"type":"function","function":{"name":"clock"}}])";
const std::string kQuestion = R"({"role":"user","content":"q"})";
/// A turn with two calls, and their results.
const std::string kTurn =
    R"({"role":"assistant","content":"let me see","tool_calls":[{"id":"c1","type":"function",)"
    R"("function":{"name":"weather","arguments":"{ \"town\": \"Ulm\" }"}},{"id":"c2",)"
    R"("type":"function","function":{"name":"clock","arguments":""}}]},)"
    R"({"role":"tool","tool_call_id":"c1","content":"sunny"},)"
    R"({"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"noon"}]})";

ChatRequest completion(const std::string& members, const std::string& messages = kQuestion) {
  ChatRequest chat;
  chat.completion_json =
      R"({"messages":[)" + messages + "]" + (members.empty() ? "" : "," + members) + "}";
  return chat;
}

json asked(const Dialect& dialect, const ChatRequest& chat) {
  const auto request = dialect->ask(chat, AnswerForm::whole);
  REQUIRE_MESSAGE(request.has_value(), request.error().detail);
  return json::parse(request->body);
}

/// The member that a refusal names; empty if nothing is refused.
std::string refusal(const Dialect& dialect, const ChatRequest& chat) {
  const auto request = dialect->ask(chat, AnswerForm::whole);
  if (request) return {};
  CHECK(request.error().code == Errc::invalid_argument);
  return request.error().detail.substr(0, request.error().detail.find(':'));
}

vx11::Result<vx11::ChatAnswer> read(const Dialect& dialect, std::string body) {
  return dialect->read(vx11::HttpResponse(200, "application/json", std::move(body)));
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

TEST_CASE("tools for Ollama: the same schema, and a choice of the model alone") {
  const json body =
      asked(ollama(R"({"tools":[],"keep_alive":"1h"})"),
            completion(kTools + R"(,"tool_choice":"auto","parallel_tool_calls":true)"));
  CHECK(body.at("tools") ==
        json::parse(R"([{"type":"function","function":{"name":"weather","description":"of a town",)"
                    R"("parameters":{"type":"object","properties":{"town":{"type":"string"}}}}},)"
                    R"({"type":"function","function":{"name":"clock",)"
                    R"("parameters":{"type":"object","properties":{}}}}])"));
  CHECK(body.at("keep_alive") == "1h");
  CHECK_FALSE(body.contains("tool_choice"));
  CHECK_FALSE(asked(ollama(), completion(kTools + R"(,"tool_choice":"none")")).contains("tools"));
  CHECK(refusal(ollama(), completion(kTools + R"(,"tool_choice":"required")")) == "tool_choice");
  CHECK(refusal(ollama(), completion(R"("tool_choice":{"type":"function","function":)"
                                     R"({"name":"clock"}},)" +
                                     kTools)) == "tool_choice");
  CHECK(refusal(ollama(), completion(kTools + R"(,"parallel_tool_calls":false)")) ==
        "parallel_tool_calls");
}

TEST_CASE("tools for Anthropic: schemas, and every choice") {
  const json body = asked(anthropic(R"({"tools":[],"top_k":5})"), completion(kTools));
  CHECK(body.at("tools") ==
        json::parse(R"([{"name":"weather","description":"of a town","input_schema":)"
                    R"({"type":"object","properties":{"town":{"type":"string"}}}},)"
                    R"({"name":"clock","input_schema":{"type":"object","properties":{}}}])"));
  CHECK(body.at("top_k") == 5);
  const auto choice = [](const std::string& members) {
    return asked(anthropic(), completion(kTools + members)).at("tool_choice").dump();
  };
  CHECK(choice("") == R"({"type":"auto"})");
  CHECK(choice(R"(,"tool_choice":"none","parallel_tool_calls":false)") == R"({"type":"none"})");
  CHECK(choice(R"(,"tool_choice":"required")") == R"({"type":"any"})");
  CHECK(choice(R"(,"tool_choice":{"type":"function","function":{"name":"clock"}})") ==
        R"({"name":"clock","type":"tool"})");
  CHECK(choice(R"(,"parallel_tool_calls":false)") ==
        R"({"disable_parallel_tool_use":true,"type":"auto"})");
}

TEST_CASE("a turn with calls and its results for Ollama: arguments as objects, results by name") {
  const json messages = asked(ollama(), completion("", kQuestion + "," + kTurn)).at("messages");
  CHECK(messages ==
        json::parse(R"([{"role":"user","content":"q"},{"role":"assistant","content":"let me see",)"
                    R"("tool_calls":[{"id":"c1","function":{"name":"weather","arguments":)"
                    R"({"town":"Ulm"}}},{"id":"c2","function":{"name":"clock","arguments":{}}}]},)"
                    R"({"role":"tool","content":"sunny","tool_name":"weather",)"
                    R"("tool_call_id":"c1"},{"role":"tool","content":"noon","tool_name":"clock",)"
                    R"("tool_call_id":"c2"}])"));
}

TEST_CASE("a turn with calls and its results for Anthropic: all results in one message") {
  const json messages =
      asked(anthropic(), completion("", kQuestion + "," + kTurn + "," + kQuestion)).at("messages");
  CHECK(messages ==
        json::parse(R"([{"role":"user","content":"q"},{"role":"assistant","content":[)"
                    R"({"type":"text","text":"let me see"},{"type":"tool_use","id":"c1",)"
                    R"("name":"weather","input":{"town":"Ulm"}},{"type":"tool_use","id":"c2",)"
                    R"("name":"clock","input":{}}]},{"role":"user","content":[)"
                    R"({"type":"tool_result","tool_use_id":"c1","content":"sunny"},)"
                    R"({"type":"tool_result","tool_use_id":"c2","content":"noon"}]},)"
                    R"({"role":"user","content":"q"}])"));
}

TEST_CASE("what is no function, or no call of one, is refused by its name") {
  const std::vector<std::pair<std::string, std::string>> members = {
      {R"("tools":false)", "tools"},
      {R"("tools":[7])", "tools[0]"},
      {R"("tools":[{"type":"custom","custom":{"name":"x"}}])", "tools[0]"},
      {R"("tools":[{"type":"web_search","function":{"name":"x"}}])", "tools[0]"},
      {R"("tools":[{"type":"function","function":{}}])", "tools[0].function.name"},
      {R"("tools":[{"function":{"name":"x","parameters":[]}}])", "tools[0].function.parameters"},
      {R"("tools":[{"function":{"name":"x","description":7}}])", "tools[0].function.description"},
      {kTools + R"(,"tool_choice":{"type":"allowed_tools"})", "tool_choice"},
      {kTools + R"(,"tool_choice":"maybe")", "tool_choice"},
      {R"("tool_choice":"required")", "tool_choice"}};
  const auto turn = [](const std::string& call) {
    return kQuestion + R"(,{"role":"assistant","tool_calls":)" + call + "}";
  };
  const std::vector<std::pair<std::string, std::string>> messages = {
      {turn("7"), "messages[1].tool_calls"},
      {turn(R"([{"function":{"name":"x","arguments":"{}"}}])"), "messages[1].tool_calls[0]"},
      {turn(R"([{"id":"c","function":{"name":"x","arguments":"[1]"}}])"),
       "messages[1].tool_calls[0]"},
      {turn(R"([{"id":"c","function":{"name":"x","arguments":{}}}])"), "messages[1].tool_calls[0]"},
      {turn(R"([{"id":"c","function":{"name":"x","arguments":"{\"a\":\"\ud800\"}"}}])"),
       "messages[1].tool_calls[0]"},
      {R"({"role":"user","content":"q","tool_calls":[{"id":"c"}]})", "messages[0].tool_calls"},
      {kQuestion + R"(,{"role":"tool","content":"x"})", "messages[1].tool_call_id"},
      {kQuestion + R"(,{"role":"assistant"})", "messages[1].content"}};
  for (const Dialect& dialect : {ollama(), anthropic()}) {
    for (const auto& [member, name] : members) {
      CAPTURE(member);
      CHECK(refusal(dialect, completion(member)) == name);
    }
    for (const auto& [message, name] : messages) {
      CAPTURE(message);
      CHECK(refusal(dialect, completion("", message)) == name);
    }
    CHECK(refusal(dialect, completion(R"("tools":[],"tool_choice":"none")")).empty());
    CHECK(refusal(dialect, completion(R"("tools":null,"parallel_tool_calls":false)")).empty());
  }
}

TEST_CASE("strict is a hint to the translated dialects") {
  const ChatRequest chat =
      completion(R"("tools":[{"type":"function","function":{"name":"f","strict":true}}])");
  for (const Dialect& dialect : {ollama(), anthropic()}) {
    CHECK(dialect->ignored_members(chat) == std::vector<std::string>{"tools[].function.strict"});
  }
}

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
    CHECK(read(ollama(), line).error().code == Errc::invalid_reply);
    CHECK(Stream(ollama()).read(line) == ChatEventKind::error);
  }
  CHECK(read(anthropic(), R"({"content":[{"type":"tool_use","name":"f"}]})").error().code ==
        Errc::invalid_reply);
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

TEST_CASE("a schema without a type is that of an object") {
  for (const char* schema : {R"({"properties":{}})", R"({"type":null,"properties":{}})", "{}"}) {
    CAPTURE(schema);
    const ChatRequest chat =
        completion(R"("tools":[{"type":"function","function":{"name":"f","parameters":)" +
                   std::string(schema) + "}}]");
    const json object = json::parse(R"({"type":"object","properties":{}})");
    CHECK(asked(anthropic(), chat).at("tools")[0].at("input_schema") == object);
    CHECK(asked(ollama(), chat).at("tools")[0].at("function").at("parameters") == object);
  }
}

TEST_CASE("Anthropic gets no text of whitespace: neither beside calls nor alone") {
  const std::string call = R"("tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]})";
  const json messages =
      asked(anthropic(), completion("", kQuestion + R"(,{"role":"assistant","content":" \n"},)" +
                                            R"({"role":"assistant","content":"\n\n",)" + call +
                                            R"(,{"role":"tool","tool_call_id":"c","content":""})"))
          .at("messages");
  REQUIRE(messages.size() == 3);
  REQUIRE(messages[1].at("content").size() == 1);
  CHECK(messages[1].at("content")[0].at("type") == "tool_use");
  CHECK(messages[2].at("content")[0].at("tool_use_id") == "c");
}

TEST_CASE("ids of calls for Anthropic have its characters, in calls and results alike") {
  std::vector<std::string> ids;
  for (const std::string id : {"functions.f:0", "functions.f.0", "call_7-A"}) {
    const json messages =
        asked(anthropic(),
              completion("", kQuestion + R"(,{"role":"assistant","tool_calls":[{"id":")" + id +
                                 R"(","function":{"name":"f","arguments":"{}"}}]},)"
                                 R"({"role":"tool","content":"x","tool_call_id":")" +
                                 id + "\"}"))
            .at("messages");
    ids.push_back(messages[1].at("content")[0].at("id"));
    CHECK(messages[2].at("content")[0].at("tool_use_id") == ids.back());
    CHECK(std::all_of(ids.back().begin(), ids.back().end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '_' || c == '-';
    }));
  }
  CHECK(ids[0].starts_with("functions_f_0_"));
  CHECK(ids[0] != ids[1]);
  CHECK(ids[2] == "call_7-A");
}

TEST_CASE("calls in earlier messages, and no tools: Anthropic gets those that were called") {
  const ChatRequest chat = completion("", kQuestion + "," + kTurn + "," + kTurn);
  const json body = asked(anthropic(), chat);
  CHECK(body.at("tools") ==
        json::parse(R"([{"name":"weather","input_schema":{"type":"object","properties":{}}},)"
                    R"({"name":"clock","input_schema":{"type":"object","properties":{}}}])"));
  CHECK(body.at("tool_choice") == json::parse(R"({"type":"none"})"));
  CHECK(asked(anthropic(R"({"tools":[{"name":"own"}]})"), chat).at("tools").size() == 1);
  CHECK_FALSE(asked(anthropic(), completion("")).contains("tools"));
  CHECK_FALSE(asked(ollama(), chat).contains("tools"));
}

TEST_CASE("arguments that are null or whitespace are those of a call without any") {
  for (const char* arguments : {"null", " ", " null\\n", ""}) {
    CAPTURE(arguments);
    const ChatRequest chat =
        completion("", kQuestion +
                           R"(,{"role":"assistant","tool_calls":[{"id":"c","function":)"
                           R"({"name":"f","arguments":")" +
                           arguments + R"("}}]})");
    CHECK(asked(anthropic(), chat).at("messages")[1].at("content")[0].at("input") ==
          json::object());
  }
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
    CHECK(of_ollama(damaged).error().code == Errc::invalid_reply);
    CHECK(of_anthropic(damaged).error().code == Errc::invalid_reply);
  }
}

TEST_CASE("ids that are made differ within a stream of equal lines") {
  Stream stream(ollama());
  const char* const line = R"({"message":{"tool_calls":[{"function":{"name":"f"}}]}})";
  const json first = stream.calls(line);
  CHECK(first.at(0).at("id") != stream.calls(line).at(0).at("id"));
}

TEST_CASE("members of tools, calls and messages do not vanish in silence") {
  const auto tools = [](const std::string& member, const std::string& of_function = "") {
    return completion(R"("tools":[{"type":"function","function":{"name":"f")" + of_function + "}" +
                      member + "}]");
  };
  const auto call = [](const std::string& member, const std::string& of_function = "") {
    return completion("", kQuestion + R"(,{"role":"assistant","tool_calls":[{"id":"c","index":0,)" +
                              R"("function":{"name":"f","arguments":"{}")" + of_function + "}" +
                              member + "}]}");
  };
  const auto message = [](const std::string& member) {
    return completion("", kQuestion + R"(,{"role":"assistant","content":"x")" + member + "}");
  };
  const std::vector<std::pair<ChatRequest, std::string>> refusals = {
      {tools(R"(,"defer_loading":true)"), "tools[0].defer_loading"},
      {tools("", R"(,"odd":1)"), "tools[0].function.odd"},
      {call(R"(,"extra_content":{"google":{}})"), "messages[1].tool_calls[0].extra_content"},
      {call("", R"(,"odd":1)"), "messages[1].tool_calls[0].function.odd"},
      {message(R"(,"prefix":true)"), "messages[1].prefix"},
      {message(R"(,"weight":0)"), "messages[1].weight"},
      {message(R"(,"is_error":true)"), "messages[1].is_error"},
      {message(R"(,"tool_call_id":"c")"), "messages[1].tool_call_id"},
      {completion("", R"({"role":"user","content":[{"type":"text","text":"a","odd":1}]})"),
       "messages[0].content[].odd"},
      {completion(R"("parallel_tool_calls":"no")"), "parallel_tool_calls"},
      {completion(R"("parallel_tool_calls":0)"), "parallel_tool_calls"},
      {tools("", R"(,"description":"\ud800")"), "tools[0].function.description"}};
  const std::vector<std::pair<ChatRequest, std::string>> hints = {
      {tools(R"(,"cache_control":{"type":"ephemeral"})"), "tools[].cache_control"},
      {tools("", R"(,"strict":true)"), "tools[].function.strict"},
      {message(R"(,"cache_control":{"type":"ephemeral"})"), "messages[].cache_control"},
      {message(R"(,"reasoning_content":"hm")"), "messages[].reasoning_content"}};
  for (const Dialect& dialect : {ollama(), anthropic()}) {
    for (const auto& [chat, name] : refusals) CHECK(refusal(dialect, chat) == name);
    for (const auto& [chat, name] : hints) {
      CHECK(refusal(dialect, chat).empty());
      CHECK(dialect->ignored_members(chat) == std::vector<std::string>{name});
    }
    const ChatRequest echoed = message(
        R"(,"refusal":null,"annotations":[],"audio":null,"function_call":null,"name":null)");
    CHECK(refusal(dialect, echoed).empty());
    CHECK(dialect->ignored_members(echoed).empty());
  }
}

TEST_CASE("for Ollama, calls one at a time are no matter where none may be called") {
  CHECK(refusal(ollama(), completion(kTools + R"(,"tool_choice":"none",)"
                                              R"("parallel_tool_calls":false)"))
            .empty());
}
