#include <string>
#include <vector>

#include "completions_site.hpp"

using namespace completions_site;

namespace {

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
    CHECK(error.at("param") == name);
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

TEST_CASE_FIXTURE(OpenAiSite, "the vx11 of another gateway is replaced") {
  to_local->then_json(R"({"choices":[)" + choice(R"({"content":"hi"})") +
                      R"(],"vx11":{"source":"far"}})");
  const HttpResponse answer = post(chat("", kToLocal));
  CHECK(body_of(answer).at("vx11").at("source") == "local");
  CHECK(answer.body.find("far") == std::string::npos);
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
  for (const char* path : {"/v1/files", "/v1/audio/speech", "/v1/", "/v1/chat"}) {
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
    const auto& case_body = body;  // clang 14 captures no structured binding
    CAPTURE(case_body);
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
  const auto made = ChatCompletionsApi::create({.models = {{"", nullptr}},
                                                .embeddings = {{"e", nullptr}},
                                                .max_body_bytes = 0,
                                                .stream = {.heartbeat = 0s}});
  REQUIRE_FALSE(made);
  for (const char* part : {"auth is missing", "the name is empty", "it has no router",
                           "\"e\": models has no such name", "they have no router",
                           "max_body_bytes is zero", "stream.heartbeat must be above zero"}) {
    CHECK(made.error().detail.find(part) != std::string::npos);
  }
}
