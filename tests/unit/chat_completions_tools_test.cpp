// Tools through the API with an upstream of another one.

#include <vx11/dialect/anthropic.hpp>
#include <vx11/dialect/ollama.hpp>

#include <string>
#include <utility>
#include <vector>

#include "completions_site.hpp"

using namespace completions_site;

namespace {

const std::string kTools =
    R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])";
const std::string kStreamed = kTools + R"(,"stream":true,"stream_options":{"include_usage":true})";

/// `vx11/local` is an Ollama.
struct OllamaSite : Site {
  OllamaSite() { dialect = vx11::ollama_dialect({.model = "m"}).value(); }
};

json calls_in(const json& message) {
  return message.at("tool_calls");
}

}  // namespace

TEST_CASE_FIXTURE(OllamaSite,
                  "a call of a whole answer has all that clients read of a completion") {
  to_local->then_json(R"({"model":"m","created":1,"message":{"content":"","tool_calls":[)"
                      R"({"id":"c1","function":)"
                      R"({"name":"f","arguments":{"a":1}}}]},"done":true,"done_reason":"stop",)"
                      R"("prompt_eval_count":3,"eval_count":2})");
  const json body = body_of(post(chat(kTools, kToLocal)));
  CHECK(body.at("id").get<std::string>().starts_with("chatcmpl-"));
  CHECK(body.at("object") == "chat.completion");
  CHECK(body.at("created").is_number_integer());
  CHECK(body.at("model") == kToLocal);
  CHECK(body.at("choices")[0].at("finish_reason") == "tool_calls");
  CHECK(calls_in(body.at("choices")[0].at("message")) ==
        json::parse(R"([{"id":"c1","type":"function","function":{"name":"f",)"
                    R"("arguments":"{\"a\":1}"}}])"));
  CHECK(body.at("usage").at("total_tokens") == 5);
  CHECK(body.at("vx11").at("source") == "local");
}

TEST_CASE_FIXTURE(OllamaSite, "a call of a whole answer becomes chunks") {
  to_local->then_json(R"({"message":{"content":"hm","tool_calls":[{"id":"c1","function":)"
                      R"({"name":"f"}}]},"done":true,"prompt_eval_count":3,"eval_count":2})");
  const auto events = events_of(post(chat(kStreamed, kToLocal)));
  REQUIRE(events.size() == 4);
  const json begun = json::parse(events[0]);
  CHECK(begun.at("object") == "chat.completion.chunk");
  CHECK(begun.at("created").is_number_integer());
  CHECK(begun.at("choices")[0].at("delta").at("content") == "hm");
  CHECK(calls_in(begun.at("choices")[0].at("delta"))[0].at("index") == 0);
  CHECK(json::parse(events[1]).at("choices")[0].at("finish_reason") == "tool_calls");
  CHECK(json::parse(events[2]).at("usage").at("total_tokens") == 5);
}

TEST_CASE_FIXTURE(OllamaSite, "a call in a stream of Ollama, after text") {
  local = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{
          "{\"message\":{\"content\":\"hm\"},\"done\":false}\n",
          "{\"message\":{\"tool_calls\":[{\"id\":\"c1\",\"function\":{\"name\":\"f\"}}]}}\n"
          "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n"},
      "application/x-ndjson");
  const auto events = events_of(post(chat(kStreamed, kToLocal)));
  REQUIRE(events.size() == 5);
  CHECK(json::parse(events[0]).at("choices")[0].at("delta") ==
        json::parse(R"({"role":"assistant","content":"hm"})"));
  CHECK(json::parse(events[1]).at("choices")[0] ==
        json::parse(R"({"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function",)"
                    R"("function":{"name":"f","arguments":"{}"}}]},"finish_reason":null})"));
  const json end = json::parse(events[2]);
  CHECK(end.at("choices")[0].at("finish_reason") == "tool_calls");
  CHECK(end.at("vx11").at("source") == "local");
  CHECK(end.at("id") == json::parse(events[0]).at("id"));
  CHECK(events[4] == "[DONE]");
}

TEST_CASE("a call in a stream of Anthropic that begins with it: the first delta has the role") {
  Site site;
  site.dialect = vx11::anthropic_dialect({.model = "m"}).value();
  std::string stream;
  for (
      const char* data :
      {R"({"type":"message_start","message":{"id":"m1","usage":{"input_tokens":3}}})",
       R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t1",)"
       R"("name":"f","input":{}}})",
       R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta",)"
       R"("partial_json":"{\"a\":1}"}})",
       R"({"type":"content_block_stop","index":0})",
       R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":2}})",
       R"({"type":"message_stop"})"}) {
    stream += "data: " + std::string(data) + "\n\n";
  }
  site.local = std::make_shared<ScriptedStream>(streaming_script::Pieces{stream});
  const auto events = events_of(site.post(Site::chat(kStreamed, kToLocal)));
  REQUIRE(events.size() == 5);
  const json first = json::parse(events[0]).at("choices")[0].at("delta");
  CHECK(first.at("role") == "assistant");
  CHECK(calls_in(first)[0].at("id") == "t1");
  CHECK(json::parse(events[1]).at("choices")[0].at("delta") ==
        json::parse(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1}"}}]})"));
  CHECK(json::parse(events[2]).at("choices")[0].at("finish_reason") == "tool_calls");
  CHECK(json::parse(events[3]).at("usage").at("total_tokens") == 5);
}

TEST_CASE_FIXTURE(OllamaSite, "a call whose tool is named created has a head all the same") {
  to_local->then_json(R"({"message":{"content":"","tool_calls":[{"id":"c1","function":)"
                      R"({"name":"created"}}]},"done":true})");
  const json body = body_of(post(chat(kTools, kToLocal)));
  CHECK(body.at("created").is_number_integer());
  CHECK(body.at("id").get<std::string>().starts_with("chatcmpl-"));
}

TEST_CASE_FIXTURE(OllamaSite, "a stream without any text still begins with the role") {
  local = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{
          "{\"message\":{\"thinking\":\"hm\"},\"done\":false}\n"
          "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n"},
      "application/x-ndjson");
  const auto events = events_of(post(chat(R"(,"stream":true)", kToLocal)));
  REQUIRE(events.size() == 3);
  CHECK(json::parse(events[0]).at("choices")[0] ==
        json::parse(R"({"index":0,"delta":{"role":"assistant","content":""},)"
                    R"("finish_reason":null})"));
  CHECK(json::parse(events[1]).at("choices")[0].at("finish_reason") == "stop");
}
