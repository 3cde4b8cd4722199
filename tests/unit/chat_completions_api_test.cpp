#include <vx11/chat_completions_api.hpp>
#include <vx11/dialect/openai.hpp>

#include <string>
#include <vector>

#include "completions_site.hpp"

using namespace completions_site;

namespace {

const std::string kSwitchSays = R"({"response":"from switch","model":"m-7"})";
const std::string kMadreSays = R"({"response":"from madre"})";
const std::string kCompletion =
    R"({ "id":"c1", "object":"chat.completion","created":7,"model":"m","choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"odd":1.50 } )";

}  // namespace

TEST_CASE("a whole answer of switch has what clients need") {
  Site site;
  site.to_switch->then_json(kSwitchSays);
  const HttpResponse answer = site.post(Site::chat());
  CHECK(answer.status == 200);
  CHECK(answer.headers.get("Content-Type") == "application/json");
  CHECK(answer.headers.get("x-request-id").starts_with("req_"));
  const json body = body_of(answer);
  CHECK(body.at("id").get<std::string>().starts_with("chatcmpl-"));
  CHECK(body.at("object") == "chat.completion");
  CHECK(body.at("created").is_number_integer());
  CHECK(body.at("model") == "vx11");
  CHECK(body.at("choices") == json::parse(R"([{"index":0,"message":{"role":"assistant",
      "content":"from switch"},"finish_reason":"stop"}])"));
  CHECK(body.at("vx11").at("source") == "switch");
  CHECK(body.at("vx11").at("degraded") == false);
  CHECK(body.at("vx11").at("attempts").size() == 1);
  CHECK_FALSE(body.at("vx11").contains("session"));
}

TEST_CASE("switch gets the last user message and a summary of the earlier ones") {
  Site site;
  site.to_switch->then_json(kSwitchSays);
  const HttpResponse answer = site.post(
      R"({"model":"vx11","messages":[{"role":"system","content":"be brief"},)"
      R"({"role":"user","content":"one"},{"role":"assistant","content":"two"},)"
      R"({"role":"user","content":[{"type":"text","text":"three"},{"type":"text","text":"four"}]}],)"
      R"("temperature":0.5,"metadata":{"a":"b"}})");
  CHECK(answer.status == 200);
  const json asked = json::parse(site.to_switch->requests().at(0).body);
  CHECK(asked.at("prompt") == "three\nfour");
  CHECK(asked.at("metadata").at("a") == "b");
  CHECK(asked.at("metadata").at("context_summary") ==
        "system: be brief\nuser: one\nassistant: two\nuser: three\nfour");
  CHECK(body_of(answer).at("vx11").at("ignored") == json({"messages", "temperature"}));
}

TEST_CASE("an upstream of the same API gets the body byte for byte, and gives its own") {
  Site site;
  site.to_local->then_json(kCompletion);
  const std::string body = Site::chat(R"( , "tools" : [ {"x":1.10} ],"n":2)", "vx11/local");
  const HttpResponse answer = site.post(body);
  CHECK(site.to_local->requests().at(0).body == body);
  const std::size_t added = answer.body.find(R"(,"vx11":{)");
  REQUIRE(added != std::string::npos);
  CHECK(answer.body.substr(0, added) == kCompletion.substr(0, kCompletion.rfind('}')));
  CHECK(answer.body.ends_with("} "));
  CHECK(body_of(answer).at("vx11").at("source") == "local");
}

TEST_CASE("a target that cannot express the request is passed by, and if none can, it is named") {
  for (const char* member :
       {R"("tools":[{"type":"function"}])", R"("response_format":{"type":"json_object"})",
        R"("n":2)", R"("logprobs":true)", R"("stop":["x"])", R"("logit_bias":{"1":-100})",
        R"("unknown_member":1)", R"("modalities":["audio"])"}) {
    CAPTURE(member);
    Site site;
    site.to_local->then_json(kCompletion);
    const HttpResponse refused = site.post(Site::chat(std::string(",") + member));
    CHECK(refused.status == 400);
    const json error = error_of(refused);
    const std::string name = std::string(member).substr(1, std::string(member).find("\":") - 1);
    CHECK(error.at("message").get<std::string>().starts_with(name));
    CHECK(error.at("code") == "unsupported_parameter");
    CHECK(refused.headers.get("x-should-retry") == "false");
    const HttpResponse passed = site.post(Site::chat(std::string(",") + member, "mixed"));
    CHECK(passed.status == 200);
    CHECK(body_of(passed).at("vx11").at("reason") == "switch_unsupported");
    CHECK(site.to_switch->calls() + site.to_madre->calls() == 0);
  }
}

TEST_CASE("members that ask for nothing are no reason to refuse") {
  Site site;
  site.to_switch->then_json(kSwitchSays);
  const HttpResponse answer = site.post(
      Site::chat(R"(,"tools":[],"tool_choice":"auto","n":1,"logprobs":false,"stop":null,)"
                 R"("response_format":{"type":"text"},"logit_bias":{ },"modalities":["text"],)"
                 R"("stream_options":null)"));
  CHECK(answer.status == 200);
  CHECK_FALSE(body_of(answer).at("vx11").contains("ignored"));
}

TEST_CASE("messages that switch cannot take are named") {
  for (const char* messages :
       {R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}])",
        R"([{"role":"user","content":"x"},{"role":"tool","tool_call_id":"1","content":"y"}])",
        R"([{"role":"user","content":"x"},{"role":"assistant","content":"y"}])",
        R"([{"role":"system","content":"x"}])"}) {
    CAPTURE(messages);
    Site site;
    const HttpResponse refused =
        site.post(R"({"model":"vx11","messages":)" + std::string(messages) + "}");
    CHECK(refused.status == 400);
    CHECK(error_of(refused).at("message").get<std::string>().starts_with("messages: "));
  }
}

TEST_CASE("a stream of switch's words becomes chunks") {
  Site site;
  site.switch_transport = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{"data: {\"delta\":\"hel\"}\n\n", "data: {\"delta\":\"lo\"}\n\n",
                               "event: done\ndata: {}\n\n"});
  const HttpResponse answer =
      site.post(Site::chat(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  CHECK(answer.headers.get("Content-Type").starts_with("text/event-stream"));
  CHECK(answer.headers.contains("x-request-id"));
  const auto events = events_of(answer);
  REQUIRE(events.size() == 5);
  std::vector<json> chunks;
  for (std::size_t i = 0; i < 4; ++i) chunks.push_back(json::parse(events[i]));
  for (const json& each : chunks) {
    CHECK(each.at("id") == chunks[0].at("id"));
    CHECK(each.at("object") == "chat.completion.chunk");
    CHECK(each.at("created").is_number_integer());
    CHECK(each.at("model") == "vx11");
  }
  CHECK(chunks[0].at("choices") ==
        json::parse(
            R"([{"index":0,"delta":{"role":"assistant","content":"hel"},"finish_reason":null}])"));
  CHECK(chunks[1].at("choices")[0].at("delta") == json::parse(R"({"content":"lo"})"));
  CHECK(chunks[2].at("choices") ==
        json::parse(R"([{"index":0,"delta":{},"finish_reason":"stop"}])"));
  CHECK(chunks[2].at("vx11").at("source") == "switch");
  CHECK(chunks[3].at("choices") == json::array());
  CHECK(chunks[3].contains("usage"));
  CHECK(events[4] == "[DONE]");
}

TEST_CASE("chunks of an upstream of the same API are passed on as they came") {
  const std::string role = chunk(R"({"role":"assistant"})");
  const std::string word = chunk(R"({ "content" : "hi" })");
  const std::string stop = chunk("{}", "\"stop\"");
  const std::string usage =
      "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n";
  Site site;
  site.local = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{role + word, stop + usage + "data: [DONE]\n\n"});
  const auto answer = site.post(Site::chat(R"(,"stream":true)", "vx11/local"));
  const auto events = events_of(answer);
  REQUIRE(events.size() == 5);
  CHECK("data: " + events[0] + "\n\n" == role);
  CHECK("data: " + events[1] + "\n\n" == word);
  json last = json::parse(events[2]);
  CHECK(last.at("vx11").at("source") == "local");
  last.erase("vx11");
  CHECK(last == json::parse(stop.substr(6)));
  CHECK("data: " + events[3] + "\n\n" == usage);
  CHECK(events[4] == "[DONE]");
}

TEST_CASE("an event of the upstream's own before the first chunk is left out") {
  Site site;
  site.local = std::make_shared<ScriptedStream>(streaming_script::Pieces{
      "data: {\"queued\":true}\n\n" + chunk(R"({"tool_calls":[{"index":0}]})") +
      chunk("{}", "\"tool_calls\"") + "data: [DONE]\n\n"});
  const auto events = events_of(site.post(Site::chat(R"(,"stream":true)", "vx11/local")));
  REQUIRE(events.size() == 3);
  CHECK(json::parse(events[0]).at("choices")[0].at("delta").contains("tool_calls"));
}

TEST_CASE("an end without a finish_reason gets one, and a whole answer becomes chunks") {
  Site site;
  site.local = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{chunk(R"({"content":"hi"})") + "data: [DONE]\n\n"});
  auto events = events_of(site.post(Site::chat(R"(,"stream":true)", "vx11/local")));
  REQUIRE(events.size() == 3);
  CHECK(json::parse(events[1]).at("choices")[0].at("finish_reason") == "stop");
  CHECK(json::parse(events[1]).at("id") == "c1");

  Site whole;
  whole.to_local->then_json(
      R"({"id":"c9","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",)"
      R"("content":null,"tool_calls":[{"id":"t"}]},"finish_reason":"tool_calls"}]})");
  events = events_of(whole.post(Site::chat(R"(,"stream":true)", "vx11/local")));
  REQUIRE(events.size() == 3);
  const json begun = json::parse(events[0]);
  CHECK(begun.at("choices")[0].at("delta").at("tool_calls")[0] ==
        json::parse(R"({"id":"t","index":0})"));
  CHECK(begun.at("object") == "chat.completion.chunk");
  CHECK(json::parse(events[1]).at("choices")[0].at("finish_reason") == "tool_calls");
  CHECK(json::parse(events[1]).at("vx11").at("source") == "local");
}

namespace {

/// The same site with the dialect that the gateway has for such upstreams.
struct OpenAiSite : Site {
  OpenAiSite() { dialect = vx11::openai_dialect().value(); }

  std::vector<std::string> stream(const std::string& more = "") {
    return events_of(post(chat(R"(,"stream":true)" + more, "vx11/local")));
  }
};

const std::string kToLocal = "vx11/local";

std::string choice(const std::string& message) {
  return R"({"index":0,"message":)" + message + R"(,"finish_reason":"stop"})";
}

}  // namespace

TEST_CASE_FIXTURE(OpenAiSite, "a whole answer becomes chunks whatever it contains") {
  std::string last = "}";
  SUBCASE("a lone surrogate") {
    last = R"(,"odd":"\ud800"})";
  }
  SUBCASE("a number beyond double precision") {
    last = R"(,"odd":1e400})";
  }
  to_local->then_json(R"({"id":"c1","choices":[)" +
                      choice(R"({"role":"assistant","content":"hi"})") + "]" + last);
  const auto events = stream();
  REQUIRE(events.size() == 3);
  CHECK(events[0].find(R"("content":"hi")") != std::string::npos);
  CHECK(events[0].find(last.substr(0, last.size() - 1)) != std::string::npos);
  CHECK(events[1].find(R"("vx11":{)") != std::string::npos);
  CHECK(events[2] == "[DONE]");
}

TEST_CASE_FIXTURE(OpenAiSite, "a whole answer with line ends becomes chunks of one line each") {
  to_local->then_json(
      "{\n \"odd\": [1,\n 2],\n \"choices\": [\n {\"index\": 0,\n \"message\": {\n"
      " \"content\": \"hi\",\n \"tool_calls\": [\n {\"id\":\n \"t\"}\n ]\n}\n}\n]\n}\n");
  const auto events = stream();
  REQUIRE(events.size() == 3);
  CHECK(events[0].find('\n') == std::string::npos);
  const json delta = json::parse(events[0]).at("choices")[0].at("delta");
  CHECK(delta.at("content") == "hi");
  CHECK(delta.at("tool_calls")[0] == json::parse(R"({"id":"t","index":0})"));
}

TEST_CASE_FIXTURE(OpenAiSite, "a whole answer that is damaged after its text is written as text") {
  to_local->then_json(R"({"id":"c1","choices":[)" + choice(R"({"content":"hi"})") + ",7]}");
  const auto events = stream();
  REQUIRE(events.size() == 3);
  const json begun = json::parse(events[0]);
  CHECK(begun.at("choices")[0].at("delta").at("content") == "hi");
  CHECK(json::parse(events[1]).at("choices")[0].at("finish_reason") == "stop");
}

TEST_CASE_FIXTURE(OpenAiSite, "the usage of a whole answer is sent only if it is asked for") {
  to_local->then_json(R"({"id":"c1","choices":[)" + choice(R"({"content":"hi"})") +
                      R"(],"usage":{"total_tokens":3}})");
  CHECK(stream().size() == 3);
  const auto events = stream(R"(,"stream_options":{"include_usage":true})");
  REQUIRE(events.size() == 4);
  CHECK(json::parse(events[2]).at("usage").at("total_tokens") == 3);
  CHECK(json::parse(events[2]).at("choices") == json::array());
}

TEST_CASE_FIXTURE(OpenAiSite, "an empty finish_reason is no end") {
  local = std::make_shared<ScriptedStream>(streaming_script::Pieces{
      chunk(R"({"content":"a"})", "\"\"") + chunk("{}", "\"stop\"") + "data: [DONE]\n\n"});
  const auto events = stream();
  REQUIRE(events.size() == 3);
  CHECK_FALSE(json::parse(events[0]).contains("vx11"));
  CHECK(json::parse(events[1]).contains("vx11"));
}

TEST_CASE_FIXTURE(OpenAiSite, "a chunk without choices gets an empty list") {
  local = std::make_shared<ScriptedStream>(streaming_script::Pieces{
      chunk(R"({"content":"a"})") + "data: {\"usage\":{\"total_tokens\":3}}\n\n" +
      chunk("{}", "\"stop\"") + "data: [DONE]\n\n"});
  const auto events = stream();
  REQUIRE(events.size() == 4);
  CHECK(events[1] == R"({"usage":{"total_tokens":3},"choices":[]})");
}

TEST_CASE_FIXTURE(OpenAiSite, "the vx11 of another gateway is replaced") {
  to_local->then_json(R"({"choices":[)" + choice(R"({"content":"hi"})") +
                      R"(],"vx11":{"source":"far"}})");
  const HttpResponse answer = post(chat("", kToLocal));
  CHECK(body_of(answer).at("vx11").at("source") == "local");
  CHECK(answer.body.find("far") == std::string::npos);
}

TEST_CASE_FIXTURE(OpenAiSite, "counts of tokens near the limit of 64 bits do not overflow") {
  to_local->then_json(R"({"choices":[)" + choice(R"({"content":"hi"})") +
                      R"(],"usage":{"prompt_tokens":18446744073709551615,)"
                      R"("completion_tokens":18446744073709551615}})");
  const json usage =
      body_of(send(request("POST", "/v1/responses", R"({"model":"vx11/local","input":"x"})")))
          .at("usage");
  CHECK(usage.at("input_tokens") == 4503599627370496);
  CHECK(usage.at("total_tokens") == 9007199254740992);
}

TEST_CASE_FIXTURE(OpenAiSite, "a response has the refusal and says that a filter ended it") {
  to_local->then_json(R"({"choices":[{"index":0,"message":{"content":null,"refusal":"no"},)"
                      R"("finish_reason":"content_filter"}]})");
  const std::string body = R"({"model":"vx11/local","input":"x")";
  const json whole = body_of(send(request("POST", "/v1/responses", body + "}")));
  CHECK(whole.at("status") == "incomplete");
  CHECK(whole.at("incomplete_details").at("reason") == "content_filter");
  const json refusal = json::parse(R"([{"type":"refusal","refusal":"no"}])");
  CHECK(whole.at("output")[0].at("content") == refusal);

  const auto of_whole =
      events_of(send(request("POST", "/v1/responses", body + R"(,"stream":true})")));
  CHECK(json::parse(of_whole.back()).at("response").at("output")[0].at("content") == refusal);
}

TEST_CASE_FIXTURE(OpenAiSite, "a response, streamed: a refusal has events of its own") {
  local = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{chunk(R"({"refusal":"n"})") + chunk(R"({"refusal":"o"})") +
                               chunk("{}", "\"content_filter\"") + "data: [DONE]\n\n"});
  const auto events = events_of(send(
      request("POST", "/v1/responses", R"({"model":"vx11/local","input":"x","stream":true})")));
  std::vector<std::string> types;
  for (const std::string& event : events) {
    types.push_back(json::parse(event).at("type").get<std::string>().substr(9));
  }
  CHECK(types == std::vector<std::string>{"created", "in_progress", "output_item.added",
                                          "content_part.added", "refusal.delta", "refusal.done",
                                          "content_part.done", "output_item.done", "incomplete"});
  const json last = json::parse(events.back()).at("response");
  CHECK(last.at("output")[0].at("content") ==
        json::parse(R"([{"type":"refusal","refusal":"no"}])"));
}

TEST_CASE("a stream that breaks ends with one error event and nothing after it") {
  Site site;
  site.switch_transport = std::make_shared<ScriptedStream>(streaming_script::Pieces{
      "data: {\"delta\":\"hel\"}\n\n", streaming_script::broken(Errc::unreachable)});
  const auto events = events_of(site.post(Site::chat(R"(,"stream":true)")));
  REQUIRE(events.size() == 2);
  const json error = json::parse(events[1]).at("error");
  CHECK(error.at("code") == "unreachable");
  CHECK(error.at("type") == "server_error");
  CHECK(error.at("param").is_null());
}

TEST_CASE("a response, whole: text in, text out") {
  Site site;
  site.to_switch->then_json(kSwitchSays);
  const HttpResponse answer = site.send(Site::request(
      "POST", "/v1/responses",
      R"({"model":"vx11","instructions":"be brief","input":[{"role":"user","content":)"
      R"([{"type":"input_text","text":"hello"}]}],"max_output_tokens":9,"tools":[]})"));
  CHECK(answer.status == 200);
  const json asked = json::parse(site.to_switch->requests().at(0).body);
  CHECK(asked.at("prompt") == "hello");
  CHECK(asked.at("metadata").at("context_summary") == "system: be brief\nuser: hello");
  const json body = body_of(answer);
  CHECK(body.at("object") == "response");
  CHECK(body.at("status") == "completed");
  CHECK(body.at("output")[0].at("content")[0].at("text") == "from switch");
  CHECK(body.at("vx11").at("ignored") == json({"max_tokens", "messages"}));
}

TEST_CASE("a response, streamed: the events of one message, numbered") {
  Site site;
  site.switch_transport = std::make_shared<ScriptedStream>(streaming_script::Pieces{
      "data: {\"delta\":\"hel\"}\n\n", "data: {\"delta\":\"lo\"}\n\nevent: done\ndata: {}\n\n"});
  const auto events = events_of(site.send(
      Site::request("POST", "/responses", R"({"model":"vx11","input":"hello","stream":true})")));
  std::vector<std::string> types;
  for (const std::string& event : events) {
    const json data = json::parse(event);
    CHECK(data.at("sequence_number") == types.size());
    types.push_back(data.at("type").get<std::string>().substr(9));
  }
  CHECK(types == std::vector<std::string>{"created", "in_progress", "output_item.added",
                                          "content_part.added", "output_text.delta",
                                          "output_text.delta", "output_text.done",
                                          "content_part.done", "output_item.done", "completed"});
  const json last = json::parse(events.back()).at("response");
  CHECK(last.at("output")[0].at("content")[0].at("text") == "hello");
  CHECK(last.at("usage").is_null());
}

TEST_CASE("a response, streamed: its text is stored, and repeated only up to 1 MiB") {
  const std::string part(700 * 1024, 'x');
  const std::string event = "data: {\"delta\":\"" + part + "\"}\n\n";
  Site site;
  site.switch_transport = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{event, event, "event: done\ndata: {}\n\n"});
  const auto events = events_of(site.send(Site::request(
      "POST", "/responses",
      R"({"model":"vx11","input":"x","stream":true,"metadata":{"session_id":"s1"}})")));
  const json last = json::parse(events.back()).at("response");
  CHECK(last.at("status") == "incomplete");
  CHECK(last.at("output")[0].at("content")[0].at("text") == part);
  const auto session = vx11::sync_wait(site.store->find("s1")).value();
  REQUIRE(session.has_value());
  CHECK(session->messages.at(1).content.starts_with("xxx"));
}

TEST_CASE("a response that is more than text is refused by the name of its member") {
  for (const char* member :
       {R"("tools":[{"type":"web_search"}])", R"("previous_response_id":"r")",
        R"("text":{"format":{"type":"json_schema"}})", R"("background":true)", R"("odd":1)"}) {
    CAPTURE(member);
    Site site;
    const HttpResponse refused = site.send(Site::request(
        "POST", "/v1/responses", R"({"model":"vx11","input":"x",)" + std::string(member) + "}"));
    CHECK(refused.status == 400);
    const std::string name = std::string(member).substr(1, std::string(member).find("\":") - 1);
    CHECK(error_of(refused).at("param") == name);
  }
  const std::vector<std::pair<std::string, std::string>> bodies = {
      {R"("input":"x","instructions":[])", "instructions"},
      {R"("input":[])", "input"},
      {R"("instructions":"brief","input":[{"role":"boss","content":"x"}])", "input[0].role"}};
  for (const auto& [members, param] : bodies) {
    CAPTURE(members);
    Site site;
    const HttpResponse refused =
        site.send(Site::request("POST", "/v1/responses", R"({"model":"vx11",)" + members + "}"));
    CHECK(refused.status == 400);
    CHECK(error_of(refused).at("param") == param);
  }
  Site site;
  const HttpResponse picture = site.send(Site::request(
      "POST", "/v1/responses",
      R"({"model":"vx11","input":[{"role":"user","content":[{"type":"input_image"}]}]})"));
  CHECK(error_of(picture).at("param") == "input[0]");
}

TEST_CASE("models: the list, one by its name with an escaped slash, an unknown one") {
  Site site;
  const json list = body_of(site.get("/models"));
  CHECK(list.at("object") == "list");
  CHECK(list.at("data").size() == 3);
  for (const char* path : {"/v1/models/vx11%2Flocal", "/models/vx11/local"}) {
    CHECK(body_of(site.get(path)).at("id") == "vx11/local");
  }
  const HttpResponse unknown = site.get("/v1/models/gpt");
  CHECK(unknown.status == 404);
  CHECK(error_of(unknown).at("code") == "model_not_found");
  const HttpResponse asked = site.post(Site::chat("", "gpt"));
  CHECK(asked.status == 404);
  CHECK(error_of(asked).at("code") == "model_not_found");
}

TEST_CASE("what the head alone refuses") {
  Site site;
  HttpRequest bare("POST", {}, kPath);
  CHECK(error_of(site.send(bare)).at("code") == "auth_required");
  bare.headers.add("Authorization", "Bearer wrong-token");
  CHECK(site.send(bare).status == 403);
  const HttpResponse get = site.get(kPath);
  CHECK(get.status == 405);
  CHECK(get.headers.get("Allow") == "POST, OPTIONS");
  HttpRequest plain = Site::request("POST", kPath);
  plain.headers.add("Content-Type", "text/plain");
  plain.body = "{}";
  CHECK(error_of(site.send(plain)).at("code") == "unsupported_media_type");
  CHECK(site.post(Site::chat(",\"x\":\"" + std::string(1024 * 1024, 'x') + "\"")).status == 413);
  for (const char* path : {"/v1/completions", "/v1/embeddings", "/v1/", "/v1/chat"}) {
    const HttpResponse unserved = site.send(Site::request("POST", path, "{}"));
    CHECK(unserved.status == 404);
    CHECK(error_of(unserved).at("code") == "not_found");
  }
  HttpRequest token("GET", {}, "/v1/models");
  token.headers.add("x-vx11-token", kToken);
  token.headers.add("X-Request-Id", "mine-1");
  const HttpResponse listed = site.send(token);
  CHECK(listed.status == 200);
  CHECK(listed.headers.get("x-request-id") == "mine-1");
}

TEST_CASE("retries: useless ones are discouraged, safe ones encouraged, and no wait is long") {
  const auto failure = [](auto script) {
    Site site;
    script(site);
    return site.post(Site::chat());
  };
  const auto unreachable = failure([](Site& site) {
    site.to_switch->then_fail(Errc::unreachable);
    site.to_madre->then_fail(Errc::unreachable);
  });
  CHECK(unreachable.status == 503);
  // A connection that closes before the answer is unreachable, too: the request may have arrived.
  CHECK_FALSE(unreachable.headers.contains("x-should-retry"));
  CHECK(unreachable.headers.get("Retry-After") == "1");
  const auto late = failure([](Site& site) {
    site.to_switch->then_fail(Errc::timeout);
    site.to_madre->then_fail(Errc::timeout);
  });
  CHECK(late.status == 504);
  CHECK(error_of(late).at("code") == "timeout");
  CHECK(late.headers.get("x-should-retry") == "false");
  const auto limited = failure([](Site& site) {
    HttpResponse busy(429);
    busy.headers.add("Retry-After", "30");
    site.to_switch->then(busy);
    site.to_madre->then(busy);
  });
  CHECK(limited.status == 429);
  CHECK(error_of(limited).at("code") == "rate_limited");
  CHECK(limited.headers.get("Retry-After") == "5");
  CHECK(limited.headers.get("x-should-retry") == "false");
  const auto refused = failure([](Site& site) {
    site.to_switch->then(HttpResponse(422));
    site.to_madre->then(HttpResponse(500));
  });
  CHECK(refused.status == 400);
  CHECK(error_of(refused).at("code") == "upstream_error");
  const auto broken = failure([](Site& site) {
    site.to_switch->then(HttpResponse(500));
    site.to_madre->then(HttpResponse(401));
  });
  CHECK(broken.status == 503);
  CHECK_FALSE(broken.headers.contains("x-should-retry"));
}

TEST_CASE("a retry is encouraged if no target got the request") {
  Site site;
  site.to_switch->then_fail(Errc::circuit_open);
  site.to_madre->then_fail(Errc::exhausted);
  const HttpResponse answer = site.post(Site::chat());
  CHECK(answer.status == 503);
  CHECK(answer.headers.get("x-should-retry") == "true");
}

TEST_CASE("a transport that cannot use a target is no mistake of the client") {
  Site site;
  site.to_switch->then_fail(Errc::invalid_argument);
  site.to_madre->then_fail(Errc::invalid_argument);
  for (const char* more : {"", R"(,"stream":true)"}) {
    const HttpResponse answer = site.post(Site::chat(more));
    CHECK(answer.status == 503);
    CHECK(error_of(answer).at("code") == "unreachable");
  }
}

TEST_CASE("a session_id of null asks for no session") {
  Site site;
  site.to_switch->then_json(kSwitchSays);
  const auto answer = site.post(Site::chat(R"(,"metadata":{"session_id":null})"));
  CHECK(answer.status == 200);
  CHECK_FALSE(body_of(answer).at("vx11").contains("session"));
  CHECK_FALSE(vx11::sync_wait(site.store->find("null")).value().has_value());
}

TEST_CASE("a system message does not replace the memory of a session") {
  Site site;
  for (int i = 0; i < 2; ++i) site.to_switch->then_json(kSwitchSays);
  const std::string body = R"({"model":"vx11","messages":[{"role":"system","content":"be brief"},)"
                           R"({"role":"user","content":"hello"}],"metadata":{"session_id":"s1"}})";
  site.post(body);
  site.post(body);
  const json asked = json::parse(site.to_switch->requests().at(1).body);
  CHECK(asked.at("metadata").at("context_summary") ==
        "system: be brief\nuser: hello\nassistant: from switch\nuser: hello");
}

TEST_CASE("a session is kept only if it is asked for") {
  Site site;
  for (int i = 0; i < 4; ++i) site.to_switch->then_json(kSwitchSays);
  site.post(Site::chat(R"(,"user":"u1")"));
  CHECK_FALSE(vx11::sync_wait(site.store->find("u1")).value().has_value());
  const auto kept = site.post(Site::chat(R"(,"user":"u1","metadata":{"session_id":"s1"})"));
  CHECK(body_of(kept).at("vx11").at("session") == "s1");
  auto session = vx11::sync_wait(site.store->find("s1")).value();
  REQUIRE(session.has_value());
  CHECK(session->messages.size() == 2);
  CHECK(session->user_id == "u1");
  CHECK(session->messages[1].content == "from switch");
  site.post(Site::chat(R"(,"metadata":{"session_id":"s1"})"));
  const json asked = json::parse(site.to_switch->requests().at(2).body);
  CHECK(asked.at("session_id") == "s1");
  CHECK(asked.at("metadata").at("context_summary").get<std::string>().find("from switch") !=
        std::string::npos);

  Site by_user;
  by_user.options.session_member = vx11::SessionMember::metadata_or_user;
  by_user.to_switch->then_json(kSwitchSays);
  by_user.post(Site::chat(R"(,"user":"u1")"));
  CHECK(vx11::sync_wait(by_user.store->find("u1")).value().has_value());
}

TEST_CASE("mistakes in a body are named") {
  const std::vector<std::pair<std::string, std::string>> bodies = {
      {R"({"messages":[{"role":"user","content":"x"}]})", "model"},
      {R"({"model":1,"messages":[]})", "model"},
      {R"({"model":"vx11"})", "messages"},
      {R"({"model":"vx11","messages":[]})", "messages"},
      {R"({"model":"vx11","messages":{}})", "messages"},
      {R"({"model":"vx11","messages":["x"]})", "messages[0]"},
      {R"({"model":"vx11","messages":[{"role":"boss","content":"x"}]})", "messages[0].role"},
      {R"({"model":"vx11","messages":[{"role":"user","content":7}]})", "messages[0].content"},
      {R"({"model":"vx11","messages":[{"role":"user","content":["x"]}]})", "messages[0].content"},
      {R"({"model":"vx11","messages":[{"role":"user","content":"\ud800"}]})",
       "messages[0].content"},
      {Site::chat(R"(,"stream":"yes")"), "stream"},
      {Site::chat(R"(,"stream_options":[])"), "stream_options"},
      {Site::chat(R"(,"user":7)"), "user"},
      {Site::chat(R"(,"metadata":[])"), "metadata"},
      {Site::chat(R"(,"metadata":{"session_id":1})"), "metadata.session_id"}};
  Site site;
  for (const auto& [body, param] : bodies) {
    CAPTURE(body);
    const HttpResponse answer = site.post(body);
    CHECK(answer.status == 400);
    CHECK(error_of(answer).at("param") == param);
  }
  for (const char* body : {"", "[]", "{", "nonsense"}) {
    HttpRequest request = Site::request("POST", kPath, "x");
    request.body = body;
    CHECK(error_of(site.send(request)).at("param").is_null());
  }
}

TEST_CASE("requests are counted by route, and streams when they end") {
  Site site;
  site.to_switch->then_json(kSwitchSays);
  site.post(Site::chat());
  site.get("/v1/models");
  site.get("/v1/nothing");
  const auto value = [families = site.api().metric_families()](
                         std::size_t family, const std::string& first, const std::string& second) {
    for (const auto& series : families.at(family).series) {
      const bool fits =
          series.labels.front().second == first && series.labels.back().second == second;
      if (fits) return series.value();
    }
    return std::uint64_t{99};
  };
  CHECK(value(0, "chat_completions", "2xx") == 1);
  CHECK(value(0, "models", "2xx") == 1);
  CHECK(value(0, "none", "4xx") == 1);
  CHECK(value(1, "done", "done") == 0);
  site.post(Site::chat(R"(,"stream":true)"));
  CHECK(value(1, "done", "done") == 1);
  CHECK(value(0, "chat_completions", "2xx") == 2);
}

TEST_CASE("every mistake of the options is named") {
  const auto made = ChatCompletionsApi::create(
      {.models = {{"", nullptr}}, .max_body_bytes = 0, .stream = {.heartbeat = 0s}});
  REQUIRE_FALSE(made);
  for (const char* part : {"auth is missing", "the name is empty", "it has no router",
                           "max_body_bytes is zero", "stream.heartbeat must be above zero"}) {
    CHECK(made.error().detail.find(part) != std::string::npos);
  }
}
