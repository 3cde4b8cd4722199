#include <string>
#include <vector>

#include "completions_site.hpp"

using namespace completions_site;

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

TEST_CASE("the finish is found after any number of chunks that differ in their text alone") {
  const auto word = [](const std::string& text) { return chunk(R"({"content":")" + text + "\"}"); };
  const std::string stop = chunk(R"({"content":"!"})", "\"stop\"");
  std::string words;
  for (const char* text : {"c1", "index", "finish_reason", "choices", "null", ":", "hi", "hi"}) {
    words += word(text);
  }
  Site site;
  site.local =
      std::make_shared<ScriptedStream>(streaming_script::Pieces{words, stop + "data: [DONE]\n\n"});
  const auto events = events_of(site.post(Site::chat(R"(,"stream":true)", "vx11/local")));
  REQUIRE(events.size() == 10);
  for (std::size_t i = 0; i < 8; ++i) CHECK_FALSE(json::parse(events[i]).contains("vx11"));
  CHECK(json::parse(events[8]).at("vx11").at("source") == "local");
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

TEST_CASE("a stream that the server cuts short ends with an error that says so") {
  Site site;
  site.local = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{chunk(R"({"content":"hel"})"), chunk(R"({"content":"lo"})")});
  const HttpRequest request =
      Site::request("POST", kPath, Site::chat(R"(,"stream":true)", "vx11/local"));
  vx11::StreamedResponse opened = vx11::sync_wait(site.api().open(request));
  REQUIRE(opened.body != nullptr);
  REQUIRE(vx11::sync_wait(opened.body->next({})).has_value());
  CHECK(opened.body->cut_short());
  const std::string last = vx11::sync_wait(opened.body->next({})).value();
  REQUIRE(last.starts_with("data: "));
  const json error = json::parse(last.substr(6)).at("error");
  CHECK(error.at("code") == "shutting_down");
  CHECK(error.at("message") == "the gateway is shutting down; ask again");
  CHECK(last.find("data: ", 6) == std::string::npos);
  CHECK(vx11::sync_wait(opened.body->next({})).value().empty());
  CHECK(opened.body->failed());
}

TEST_CASE_FIXTURE(OpenAiSite, "a model that says nothing has answered, whole and in a stream") {
  const std::string nothing =
      R"({"id":"c-1","choices":[)" + choice(R"({"role":"assistant","content":""})") + "]}";
  to_local->then_json(nothing);
  const HttpResponse whole = post(chat("", "vx11/local"));
  CHECK(whole.status == 200);
  const json body = json::parse(whole.body);
  CHECK(body.at("id") == "c-1");
  CHECK(body.at("choices")[0].at("finish_reason") == "stop");
  CHECK(body.at("vx11").at("source") == "local");
  CHECK(body.at("vx11").at("degraded") == false);
}

TEST_CASE_FIXTURE(OpenAiSite, "a stream in which a model says nothing is complete") {
  local = std::make_shared<ScriptedStream>(
      streaming_script::Pieces{chunk(R"({"role":"assistant","content":""})") +
                               chunk("{}", "\"stop\"") + "data: [DONE]\n\n"});
  const auto events = stream();
  REQUIRE(events.size() == 3);
  const json first = json::parse(events[0]).at("choices")[0];
  CHECK(first.at("delta") == json::parse(R"({"role":"assistant","content":""})"));
  const json last = json::parse(events[1]);
  CHECK(last.at("choices")[0].at("finish_reason") == "stop");
  CHECK(last.at("vx11").at("source") == "local");
  CHECK(events[2] == "[DONE]");
}
