// Tools in the requests of dialects that translate.

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "translating_dialects.hpp"

using namespace translating_dialects;
using nlohmann::json;
using vx11::AnswerForm;
using vx11::ChatRequest;
using vx11::Errc;

namespace {

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
      const auto& case_member = member;  // clang 14 captures no structured binding
      CAPTURE(case_member);
      CHECK(refusal(dialect, completion(member)) == name);
    }
    for (const auto& [message, name] : messages) {
      const auto& case_message = message;  // clang 14 captures no structured binding
      CAPTURE(case_message);
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
