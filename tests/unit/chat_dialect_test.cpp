#include <vx11/chat.hpp>

#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using nlohmann::json;
using vx11::ChatRequest;
using vx11::Errc;
using vx11::HttpResponse;

namespace {

ChatRequest chat_with(std::string metadata) {
  ChatRequest chat("hello", "session-001");
  chat.metadata_json = std::move(metadata);
  chat.context_summary = "user: hello";
  return chat;
}

std::string body_of(const vx11::ChatDialect& dialect, const ChatRequest& chat) {
  const auto request = dialect.ask(chat);
  REQUIRE(request);
  REQUIRE(json::accept(request->body));
  return request->body;
}

vx11::Result<vx11::ChatAnswer> read(const vx11::ChatDialect& dialect, std::string body) {
  return dialect.read(HttpResponse(200, "application/json", std::move(body)));
}

}  // namespace

TEST_CASE("switch is asked with prompt, session and metadata") {
  const auto request = vx11::switch_dialect()->ask(chat_with("{}"));
  REQUIRE(request);
  CHECK(request->method == "POST");
  CHECK(request->origin.empty());
  CHECK(request->target == "/switch/route-v5");
  CHECK(request->headers.get("content-type") == "application/json");
  CHECK(request->headers.get("accept") == "application/json");
  CHECK(request->body == R"({"prompt":"hello","session_id":"session-001",)"
                         R"("metadata":{"context_summary":"user: hello"}})");
}

TEST_CASE("madre is asked with message, session and context, which names the user") {
  const auto request = vx11::madre_dialect()->ask(chat_with("{}"));
  REQUIRE(request);
  CHECK(request->method == "POST");
  CHECK(request->target == "/madre/chat");
  CHECK(request->headers.get("content-type") == "application/json");
  CHECK(request->body == R"({"message":"hello","session_id":"session-001",)"
                         R"("context":{"user_id":"local","context_summary":"user: hello"}})");
}

TEST_CASE("the mode is passed on when there is one") {
  ChatRequest chat = chat_with("{}");
  chat.mode = "fast";
  CHECK(json::parse(body_of(*vx11::switch_dialect(), chat))["metadata"] ==
        json::parse(R"({"mode":"fast","context_summary":"user: hello"})"));
  CHECK(json::parse(body_of(*vx11::madre_dialect(), chat))["context"] ==
        json::parse(R"({"user_id":"local","mode":"fast","context_summary":"user: hello"})"));
}

TEST_CASE("the client's metadata goes along as it is") {
  const ChatRequest chat =
      chat_with(R"( {"tz": "Europe/Madrid", "n": 1.50, "l": [1, {"a": null}]} )");
  CHECK(body_of(*vx11::switch_dialect(), chat) ==
        R"({"prompt":"hello","session_id":"session-001","metadata":{"tz":"Europe/Madrid",)"
        R"("n":1.50,"l":[1,{"a":null}],"context_summary":"user: hello"}})");
}

TEST_CASE("our own members win over the client's of the same name, and stand there once") {
  ChatRequest chat = chat_with(R"({"user_id":"root","mode":"m","context_summary":"lies","x":1})");
  chat.user_id = "ana";
  chat.mode = "fast";
  CHECK(body_of(*vx11::switch_dialect(), chat) ==
        R"({"prompt":"hello","session_id":"session-001","metadata":)"
        R"({"user_id":"root","x":1,"mode":"fast","context_summary":"user: hello"}})");
  CHECK(body_of(*vx11::madre_dialect(), chat) ==
        R"({"message":"hello","session_id":"session-001","context":)"
        R"({"x":1,"user_id":"ana","mode":"fast","context_summary":"user: hello"}})");
}

TEST_CASE("a mode in the client's metadata stays when we have none") {
  const ChatRequest chat = chat_with(R"({"mode":"theirs"})");
  CHECK(body_of(*vx11::switch_dialect(), chat) ==
        R"({"prompt":"hello","session_id":"session-001",)"
        R"("metadata":{"mode":"theirs","context_summary":"user: hello"}})");
}

TEST_CASE("whatever text is said, the body is JSON and says the same") {
  using namespace std::string_literals;
  ChatRequest chat("\"}\n\0\\\xC3\xB1 \xF0\x9F\x98\x80"s, "s\"1");
  chat.context_summary = "user: \t\"";
  const json body = json::parse(body_of(*vx11::madre_dialect(), chat));
  CHECK(body["message"] == chat.message);
  CHECK(body["session_id"] == chat.session_id);
  CHECK(body["context"]["context_summary"] == chat.context_summary);
}

TEST_CASE("metadata that is no JSON object cannot be said") {
  for (const char* metadata : {"", "[]", "null", "\"{}\"", "{", "{}x", "{\"a\":}"}) {
    CAPTURE(metadata);
    for (const auto& dialect : {vx11::switch_dialect(), vx11::madre_dialect()}) {
      const auto request = dialect->ask(chat_with(metadata));
      REQUIRE_FALSE(request);
      CHECK(request.error().code == Errc::invalid_argument);
      CHECK(request.error().detail.starts_with("metadata: not "));
    }
  }
}

TEST_CASE("a completion's values that ask for nothing are expressible, unknown ones are not") {
  const auto asked = [](const std::string& member) {
    ChatRequest chat("hello", "session-001");
    chat.completion_json = R"({"messages":[{"role":"user","content":"hello"}],)" + member + "}";
    return vx11::switch_dialect()->ask(chat).has_value();
  };
  for (const char* member :
       {R"("n":1.0)", R"("n":1)", R"("top_logprobs":0)", R"("top_logprobs":0.0)", R"("stop":[])",
        R"("frequency_penalty":0.0)", R"("unknown":null)"}) {
    CAPTURE(member);
    CHECK(asked(member));
  }
  for (const char* member : {R"("n":2)", R"("n":1.5)", R"("unknown":false)", R"("tools":{})"}) {
    CAPTURE(member);
    CHECK_FALSE(asked(member));
  }
}

TEST_CASE("an empty message cannot be said") {
  const auto request = vx11::switch_dialect()->ask(ChatRequest("", "s"));
  REQUIRE_FALSE(request);
  CHECK(request.error().code == Errc::invalid_argument);
}

TEST_CASE("switch answers under response, else reply, else message") {
  const auto& dialect = *vx11::switch_dialect();
  const auto first = read(dialect, R"({"message":"m","reply":"r","response":"yes"})");
  REQUIRE(first);
  CHECK(first->text == "yes");
  CHECK(first->upstream_json == R"({"reply":"r","message":"m"})");

  const auto second = read(dialect, R"({"response":null,"reply":"r","message":"m"})");
  REQUIRE(second);
  CHECK(second->text == "r");
  CHECK(second->upstream_json == R"({"response":null,"message":"m"})");

  const auto third = read(dialect, R"({"response":"","reply":{"a":1},"message":"m"})");
  REQUIRE(third);
  CHECK(third->text == "m");
  CHECK(third->upstream_json == R"({"response":"","reply":{"a":1}})");
}

TEST_CASE("madre answers under response alone") {
  const auto& dialect = *vx11::madre_dialect();
  const auto answer = read(dialect, R"({"response":"yes","reply":"r","queue_id":"q-1"})");
  REQUIRE(answer);
  CHECK(answer->text == "yes");
  CHECK(answer->upstream_json == R"({"reply":"r","queue_id":"q-1"})");
  CHECK(read(dialect, R"({"reply":"r","message":"m"})")->text.empty());
}

TEST_CASE("what else the upstream said is kept, numbers and nesting as they came") {
  const auto answer =
      read(*vx11::switch_dialect(),
           R"({ "model":"m-7", "response":"yes", "cost":0.10, "id":18446744073709551615,
                                "trace":[{"ms":12}] })");
  REQUIRE(answer);
  CHECK(answer->upstream_json ==
        R"({"model":"m-7","cost":0.10,"id":18446744073709551615,"trace":[{"ms":12}]})");
  CHECK(read(*vx11::switch_dialect(), R"({"response":"yes"})")->upstream_json == "{}");
}

TEST_CASE("an answer's text is decoded") {
  CHECK(read(*vx11::madre_dialect(), R"({"response":"a\n\u00f1\""})")->text == "a\n\xC3\xB1\"");
}

TEST_CASE("JSON without a text is understood, and has none") {
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  for (const std::string& body :
       {std::string("{}"), std::string("[]"), std::string("\"hello\""), deep,
        std::string(R"({"response":""})"), std::string(R"({"response":1})"),
        std::string(R"({"response":["a"]})"), std::string(R"({"response":null})"),
        std::string(R"({"status":"queued","queue_id":"q-7","hermes_error":"no cli"})")}) {
    CAPTURE(body);
    for (const auto& dialect : {vx11::switch_dialect(), vx11::madre_dialect()}) {
      const auto answer = read(*dialect, body);
      REQUIRE(answer);
      CHECK(answer->text.empty());
    }
  }
}

TEST_CASE("an answer that is no JSON is not understood") {
  for (const char* body : {"", "<html></html>", R"({"response":"cut)", "[1,", "nope"}) {
    CAPTURE(body);
    for (const auto& dialect : {vx11::switch_dialect(), vx11::madre_dialect()}) {
      const auto answer = read(*dialect, body);
      REQUIRE_FALSE(answer);
      CHECK(answer.error().code == Errc::invalid_reply);
    }
  }
}

TEST_CASE(
    "our names in the client's metadata are found however they are written, and however often") {
  for (const char* metadata : {R"({"mo\u0064e":"theirs","x":1})", R"({"mode":1,"x":1,"mode":[2]})",
                               R"({"x":1,"mode":"a\nb"})", R"({ "mode" : "theirs" , "x" : 1 })"}) {
    CAPTURE(metadata);
    ChatRequest chat = chat_with(metadata);
    chat.mode = "fast";
    CHECK(body_of(*vx11::switch_dialect(), chat) ==
          R"({"prompt":"hello","session_id":"session-001","metadata":)"
          R"({"x":1,"mode":"fast","context_summary":"user: hello"}})");
  }
}

TEST_CASE("our names inside the client's members, or as values, are the client's own") {
  const ChatRequest chat = chat_with(R"({"a":{"context_summary":"x"},"b":["mode"],"c":"mode"})");
  CHECK(body_of(*vx11::switch_dialect(), chat) ==
        R"({"prompt":"hello","session_id":"session-001","metadata":{"a":{"context_summary":"x"},)"
        R"("b":["mode"],"c":"mode","context_summary":"user: hello"}})");
}

TEST_CASE("metadata of the client's is one object, whatever it has in it") {
  const ChatRequest chat = chat_with("{\"a\":\"}\",\"b\":\"\\\"{\",\"c\":[[]]}");
  CHECK(json::parse(body_of(*vx11::switch_dialect(), chat))["metadata"] ==
        json::parse(R"({"a":"}","b":"\"{","c":[[]],"context_summary":"user: hello"})"));
  for (const char* metadata : {R"({"a":1}},"session_id":"s-2","x":{"b":2})", R"({}{})"}) {
    CHECK_FALSE(vx11::switch_dialect()->ask(chat_with(metadata)));
  }
}
