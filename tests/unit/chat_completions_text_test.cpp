#include <string>
#include <utility>
#include <vector>

#include "completions_site.hpp"

using namespace completions_site;

namespace {

HttpRequest completion(const std::string& members, const std::string& model = "vx11",
                       const std::string& path = "/v1/completions") {
  return Site::request("POST", path, R"({"model":")" + model + "\"," + members + "}");
}

}  // namespace

TEST_CASE("a text completion, whole: the prompt becomes a message") {
  for (const char* path : {"/v1/completions", "/completions"}) {
    Site site;
    site.to_switch->then_json(kSwitchSays);
    const HttpResponse answer =
        site.send(completion(R"("prompt":"hello","max_tokens":9)", "vx11", path));
    CHECK(answer.status == 200);
    CHECK(json::parse(site.to_switch->requests().at(0).body).at("prompt") == "hello");
    const json body = body_of(answer);
    CHECK(body.at("id").get<std::string>().starts_with("cmpl-"));
    CHECK(body.at("object") == "text_completion");
    CHECK(body.at("created").is_number_integer());
    CHECK(body.at("model") == "vx11");
    CHECK(body.at("choices") == json::parse(R"([{"text":"from switch","index":0,"logprobs":null,)"
                                            R"("finish_reason":"stop"}])"));
    CHECK(body.at("vx11").at("source") == "switch");
    CHECK(body.at("vx11").at("ignored") == json({"max_tokens"}));
  }
}

TEST_CASE_FIXTURE(OpenAiSite, "a text completion asks a target of the API for a chat") {
  to_local->then_json(R"({"choices":[{"index":0,"message":{"content":"hi"},)"
                      R"("finish_reason":"length"}],"usage":{"prompt_tokens":1,)"
                      R"("completion_tokens":2}})");
  const HttpResponse answer = send(completion(
      R"("prompt":["gr\u00fc\u00df"],"temperature":0.50,"stop":["x"],"seed":7,"n":1.0,"best_of":1,)"
      R"("echo":false,"suffix":null,"logprobs":null,"logit_bias":{ })",
      kToLocal));
  const HttpRequest asked = to_local->requests().at(0);
  CHECK(asked.target == "/v1/chat/completions");
  CHECK(asked.body == R"({"model":"vx11/local","temperature":0.50,"stop":["x"],"seed":7,)"
                      "\"messages\":[{\"role\":\"user\",\"content\":\"gr\xC3\xBC\xC3\x9F\"}]}");
  const json body = body_of(answer);
  CHECK(body.at("choices")[0].at("text") == "hi");
  CHECK(body.at("choices")[0].at("finish_reason") == "length");
  CHECK(body.at("usage").at("total_tokens") == 3);
}

TEST_CASE("a text completion, streamed: each piece is a text_completion") {
  Site site;
  site.switch_transport = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{"data: {\"delta\":\"hel\"}\n\n", "data: {\"delta\":\"lo\"}\n\n",
                               "event: done\ndata: {}\n\n"});
  const HttpResponse answer =
      site.send(completion(R"("prompt":"x","stream":true,"stream_options":{"include_usage":true},)"
                           R"("metadata":{"session_id":"s1"})"));
  CHECK(answer.headers.get("Content-Type").starts_with("text/event-stream"));
  const auto events = events_of(answer);
  REQUIRE(events.size() == 5);
  std::string text;
  for (std::size_t i = 0; i < 3; ++i) {
    const json each = json::parse(events[i]);
    CHECK(each.at("object") == "text_completion");
    CHECK(each.at("id") == json::parse(events[0]).at("id"));
    const json choice = each.at("choices").at(0);
    text += choice.at("text").get<std::string>();
    CHECK(choice.at("index") == 0);
    CHECK(choice.at("finish_reason") == (i == 2 ? json("stop") : json()));
    CHECK(each.contains("vx11") == (i == 2));
  }
  CHECK(text == "hello");
  CHECK(json::parse(events[3]).at("choices") == json::array());
  CHECK(json::parse(events[3]).contains("usage"));
  CHECK(events[4] == "[DONE]");
  const auto session = vx11::sync_wait(site.store->find("s1")).value();
  REQUIRE(session.has_value());
  CHECK(session->messages.at(1).content == "hello");
}

TEST_CASE_FIXTURE(OpenAiSite,
                  "a text completion, streamed by a target of the API, with its usage") {
  local = std::make_shared<ScriptedStream>(streaming_script::Pieces{
      chunk(R"({"role":"assistant"})") + chunk(R"({"content":"hi"})") + chunk("{}", "\"length\"") +
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n"
      "data: [DONE]\n\n"});
  const auto events = events_of(send(completion(
      R"("prompt":"x","stream":true,"stream_options":{"include_usage":true})", kToLocal)));
  REQUIRE(events.size() == 4);
  CHECK(json::parse(events[0]).at("choices")[0].at("text") == "hi");
  CHECK(json::parse(events[1]).at("choices")[0].at("finish_reason") == "length");
  CHECK(json::parse(events[2]).at("usage").at("total_tokens") == 3);
}

TEST_CASE_FIXTURE(OpenAiSite, "the text of a refused text completion is the refusal") {
  to_local->then_json(R"({"choices":[{"index":0,"message":{"content":null,"refusal":"no"},)"
                      R"("finish_reason":"stop"}]})");
  const HttpResponse answer = send(completion(R"("prompt":"x")", kToLocal));
  CHECK(body_of(answer).at("choices")[0].at("text") == "no");
}

TEST_CASE_FIXTURE(OpenAiSite, "the text of a refused text completion, streamed") {
  local = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{chunk(R"({"refusal":"n"})") + chunk(R"({"refusal":"o"})") +
                               chunk("{}", "\"stop\"") + "data: [DONE]\n\n"});
  const auto events = events_of(send(completion(R"("prompt":"x","stream":true)", kToLocal)));
  REQUIRE(events.size() == 4);
  CHECK(json::parse(events[0]).at("choices")[0].at("text") == "n");
  CHECK(json::parse(events[1]).at("choices")[0].at("text") == "o");
}

TEST_CASE("a text completion that breaks off ends with one error event") {
  Site site;
  site.switch_transport = std::make_shared<ScriptedStream>(streaming_script::Pieces{
      "data: {\"delta\":\"hel\"}\n\n", streaming_script::broken(Errc::unreachable)});
  const auto events = events_of(site.send(completion(R"("prompt":"x","stream":true)")));
  REQUIRE(events.size() == 2);
  CHECK(json::parse(events[1]).at("error").at("code") == "unreachable");
}

TEST_CASE("a text completion: what a chat has no place for is refused by its name") {
  const std::vector<std::pair<std::string, std::string>> bodies = {
      {R"("prompt":"x","suffix":"y")", "suffix"},
      {R"("prompt":"x","echo":true)", "echo"},
      {R"("prompt":"x","best_of":2)", "best_of"},
      {R"("prompt":"x","n":2)", "n"},
      {R"("prompt":"x","logprobs":0)", "logprobs"},
      {R"("prompt":"x","logit_bias":{"1":-100})", "logit_bias"},
      {R"("prompt":"x","messages":[])", "messages"},
      {R"("prompt":"x","odd":1)", "odd"},
      {R"("prompt":["x","y"])", "prompt"},
      {R"("prompt":[])", "prompt"},
      {R"("prompt":[1,2])", "prompt"},
      {R"("prompt":[[1,2]])", "prompt"},
      {R"("prompt":"")", "prompt"},
      {R"("prompt":"\ud800")", "prompt"},
      {R"("prompt":["\ud800"])", "prompt"},
      {R"("prompt":null)", "prompt"},
      {R"("user":"u")", "prompt"},
      {R"("prompt":"x","stream":"yes")", "stream"}};
  Site site;
  for (const auto& [members, param] : bodies) {
    const auto& case_members = members;  // clang 14 captures no structured binding
    CAPTURE(case_members);
    const HttpResponse refused = site.send(completion(members));
    CHECK(refused.status == 400);
    CHECK(error_of(refused).at("param") == param);
  }
  CHECK(site.send(completion(R"("prompt":"x")", "gpt")).status == 404);
  CHECK(site.to_switch->calls() == 0);
}
