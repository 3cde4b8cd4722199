#include <string>
#include <vector>

#include "completions_site.hpp"

using namespace completions_site;

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
    const auto& case_members = members;  // clang 14 captures no structured binding
    CAPTURE(case_members);
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
