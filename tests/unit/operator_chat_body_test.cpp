// POST /operator/chat/ask: the body and its validation.

#include <chrono>
#include <string>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

/// Answers every request.
struct Answering : Site {
  Answering() { to_switch->then_json(R"({"response":"fine"})"); }
  json mistakes(const std::string& body) { return mistakes_of(chat(body)); }
};

}  // namespace

TEST_CASE_FIXTURE(Answering,
                  "a message has to be there: the answer is the contract's, letter by letter") {
  const HttpResponse answer = chat("{}");
  CHECK(answer.status == 422);
  CHECK(answer.body ==
        R"({"detail":[{"loc":["body","message"],"msg":"Field required","type":"missing"}]})");
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Answering, "a message is a string with something in it") {
  for (const std::string wrong : {"null", "1", "true", "[]", R"({"text":"x"})"}) {
    CAPTURE(wrong);
    CHECK(mistakes(R"({"message":)" + wrong + "}") == json{{"body.message", "string_type"}});
  }
  for (const std::string blank : {"", " ", "\\n\\t \\r"}) {
    CAPTURE(blank);
    CHECK(mistakes(R"({"message":")" + blank + "\"}") ==
          json{{"body.message", "string_too_short"}});
  }
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Answering, "several mistakes are all listed") {
  CHECK(mistakes(R"({"session_id":1,"user_id":[],"mode":false,"metadata":"x"})") ==
        json{{"body.message", "missing"},
             {"body.session_id", "string_type"},
             {"body.user_id", "string_type"},
             {"body.mode", "string_type"},
             {"body.metadata", "dict_type"}});
}

TEST_CASE_FIXTURE(Answering, "metadata is an object") {
  for (const std::string wrong : {"1", "\"x\"", "[]", "true"}) {
    CAPTURE(wrong);
    CHECK(mistakes(R"({"message":"m","metadata":)" + wrong + "}") ==
          json{{"body.metadata", "dict_type"}});
  }
  CHECK(chat(R"({"message":"m","metadata":{}})").status == 200);
}

TEST_CASE_FIXTURE(Answering,
                  "members that may be absent may be null, and unknown ones are ignored") {
  CHECK(chat(R"({"message":"m","session_id":null,"user_id":null,"mode":null,"metadata":null,
                 "whatever":{"a":[1]}})")
            .status == 200);
}

TEST_CASE_FIXTURE(Answering, "invalid JSON is 422 and says where") {
  CHECK(mistakes(R"({"message":})") == json{{"body.11", "json_invalid"}});
  for (const std::string& bad :
       {std::string("{"), std::string("{\"message\":\"m\"}x"), std::string("{\"message\":\"m\",}"),
        std::string("{\"message\":'m'}"), std::string("\xEF\xBB\xBF{\"message\":"),
        std::string("{\"message\":\"\xFF\"}"), std::string("{\"message\":\"\xC0\xAF\"}"),
        std::string("{\"message\":\"a\nb\"}"), std::string("{\"message\":\"m\"}\0", 16),
        std::string("\0", 1), std::string("NaN")}) {
    CAPTURE(bad);
    CHECK(mistakes(bad).begin().value() == "json_invalid");
  }
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Answering,
                  "the place of a JSON error is the first byte that does not belong there") {
  CHECK(mistakes(R"({"message" 123})") == json{{"body.11", "json_invalid"}});
  CHECK(mistakes(R"({"message":"\u00e9\/","n":1e5,})") == json{{"body.30", "json_invalid"}});
  CHECK(mistakes(R"({"message":"\ud83d\u12"})") == json{{"body.18", "json_invalid"}});
}

TEST_CASE_FIXTURE(Answering, "half of a surrogate pair is 422 in a text that is read") {
  CHECK(mistakes(R"({"message":"\ud83d"})") == json{{"body.message", "string_unicode"}});
  CHECK(mistakes(R"({"message":"m","session_id":"\ude00"})") ==
        json{{"body.session_id", "string_unicode"}});
}

TEST_CASE_FIXTURE(Answering, "metadata may hold numbers beyond double and lone surrogates") {
  const std::string metadata =
      R"({"big":-1e999,"half":"\ud83d","n":123456789012345678901234567890})";
  CHECK(chat(R"({"message":"m","metadata":)" + metadata + "}").status == 200);
  const std::string sent = to_switch->requests().back().body;
  CHECK(sent.find(metadata.substr(1, metadata.size() - 2)) != std::string::npos);
}

TEST_CASE_FIXTURE(Answering,
                  "what an upstream adds is passed on with such numbers and surrogates") {
  to_switch->then_json(R"({"response":"r","n":1e999,"half":["\ude00"]})");
  chat(R"({"message":"m"})");  // takes the answer before it
  const HttpResponse answer = chat(R"({"message":"m"})");
  CHECK(answer.status == 200);
  CHECK(answer.body.find(R"("upstream":{"n":1e999,"half":["\ude00"]})") != std::string::npos);
}

TEST_CASE_FIXTURE(Answering, "JSON that is no object is 422") {
  for (const std::string wrong : {"[]", "\"message\"", "1", "null", "true"}) {
    CAPTURE(wrong);
    CHECK(mistakes(wrong) == json{{"body", "model_attributes_type"}});
  }
}

TEST_CASE_FIXTURE(Answering, "no body at all is a missing one") {
  HttpRequest request = authorised("POST", "/operator/chat/ask");
  request.headers.add("Content-Type", "application/json");
  CHECK(mistakes_of(send(request)) == json{{"body", "missing"}});
}

TEST_CASE_FIXTURE(Answering, "nesting without end is refused at once, wherever it stands") {
  const std::string deep = std::string(10'000, '[') + std::string(10'000, ']');
  CHECK(mistakes(deep) == json{{"body", "json_invalid"}});
  CHECK(mistakes(R"({"message":"m","metadata":{"a":)" + deep + "}}") ==
        json{{"body", "json_invalid"}});
  CHECK(mistakes(std::string(400'000, '[')) == json{{"body", "json_invalid"}});
  std::string objects = R"({"message":"m","x":)";
  for (int i = 0; i < 10'000; ++i) objects += R"({"a":)";
  CHECK(mistakes(objects) == json{{"body", "json_invalid"}});
  CHECK(upstream_calls() == 0);
}

TEST_CASE_FIXTURE(Answering, "of a member that stands there twice the last one counts") {
  CHECK(chat(R"({"message":1,"message":"last","session_id":"a","session_id":"b"})").status == 200);
  const json prompt = json::parse(to_switch->requests().back().body);
  CHECK(prompt.at("prompt") == "last");
  CHECK(prompt.at("session_id") == "b");
  CHECK(mistakes(R"({"message":"first","message":1})") == json{{"body.message", "string_type"}});
}

TEST_CASE_FIXTURE(Answering, "ids are short and without control characters") {
  const std::string longest(256, 'x');
  for (const std::string name : {"session_id", "user_id", "mode"}) {
    CAPTURE(name);
    const auto body = [&](const std::string& value) {
      return json{{"message", "m"}, {name, value}}.dump();
    };
    CHECK(chat(body(longest)).status == 200);
    CHECK(mistakes(body(longest + "x")) == json{{"body." + name, "string_too_long"}});
    for (const std::string& control :
         {std::string("a\nb"), std::string("a\0b", 3), std::string("\x1f"), std::string("\x7f")}) {
      CHECK(mistakes(body(control)) == json{{"body." + name, "string_pattern_mismatch"}});
    }
  }
}

TEST_CASE_FIXTURE(Answering,
                  "a message larger than its limit is 413, one that just fits is asked") {
  const auto body = [](std::size_t size) {
    return json{{"message", std::string(size, 'x')}}.dump();
  };
  CHECK(chat(body(64 * 1024)).status == 200);
  const HttpResponse answer = chat(body(64 * 1024 + 1));
  CHECK(answer.status == 413);
  CHECK(body_of(answer) == json{{"error", "too_large"}, {"status_code", 413}});
  CHECK(to_switch->calls() == 1);
}

TEST_CASE_FIXTURE(Answering, "names and texts of the client are not repeated in a refusal") {
  const std::string answer = chat(R"({"message":1,"session_id":"secret\u0007"})").body;
  CHECK(answer.find("secret") == std::string::npos);
}
