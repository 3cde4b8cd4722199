// Chats through the gateway: what is shown, stored and reported of them.

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "gateway_site.hpp"

namespace {

using namespace gateway_site;

TEST_CASE("a chat has what the console shows, and is stored") {
  Site site;
  site.gateway->answers(kAsk, 200, answer_of_switch());
  site.headers.add("Idempotency-Key", "k-1");
  const ApiAnswer answer = site.call("POST", "/chat", {{"message", "hi"}, {"session_id", "s-1"}});
  CHECK(answer.status == 200);
  CHECK(answer.body["response"] == "hello");
  CHECK(answer.body["fallback_source"] == "switch");
  CHECK(answer.body["provider"] == "local");
  CHECK(answer.body["model_used"] == "stub");
  CHECK(answer.body["latency_ms"].is_number());
  CHECK(answer.body["degraded"] == false);
  CHECK(site.gateway->last(kAsk).headers.get("Idempotency-Key") == "k-1");
  REQUIRE(site.transcripts->all.size() == 1);
  CHECK(site.transcripts->all[0].question == "hi");
  CHECK(site.transcripts->all[0].answer == "hello");
  CHECK(site.transcripts->all[0].principal == "ana");
  CHECK(site.transcripts->all[0].metadata["model_used"] == "stub");
  CHECK(site.events->all.empty());
  const json series = site.call("GET", "/latency").body["series"];
  REQUIRE(series.size() == 1);
  CHECK(series[0]["upstream"] == "switch");
  CHECK(series[0]["source"] == "chat");
  CHECK(series[0]["points"][0]["latency_ms"] == 12.5);

  HttpResponse replayed(200, "application/json", answer_of_switch().dump());
  replayed.headers.add("Idempotent-Replayed", "true");
  site.gateway->responds(kAsk, replayed);
  CHECK(site.call("POST", "/chat", {{"message", "hi"}}).status == 200);
  CHECK(site.transcripts->all.size() == 1);
}

TEST_CASE("a fallback becomes an event, and a turn that is not stored is said") {
  Site site;
  site.gateway->answers(kAsk, 200, answer_of_madre());
  site.transcripts->fails = true;
  const ApiAnswer answer = site.call("POST", "/chat", {{"message", "hi"}});
  CHECK(answer.body["fallback_source"] == "madre_fallback");
  CHECK(answer.body["provider"].is_null());
  CHECK(answer.body["degraded"] == true);
  CHECK(answer.body["metadata"]["session_stored"] == false);
  REQUIRE(site.events->news() == std::vector<std::string>{"chat.fallback"});
  CHECK(site.events->last().module == "switch");
  CHECK(site.events->last().payload["reason"] == "switch_timeout");
}

TEST_CASE("a chat that is refused or not answered is in the audit") {
  Site site;
  site.gateway->answers(
      kAsk, 422, {{"detail", {{{"loc", {"body", "message"}}, {"msg", "m"}, {"type", "t"}}}}});
  CHECK(site.call("POST", "/chat", json::object()).status == 422);
  CHECK(site.audit->all.back().action == "chat");
  CHECK(site.audit->all.back().outcome == "refused");
  CHECK(site.events->all.empty());
  site.gateway->answers(
      kAsk, 503, {{"status", "service_offline"}, {"module", "switch"}, {"reason", "circuit_open"}});
  CHECK(site.call("POST", "/chat", {{"message", "hi"}}).status == 503);
  CHECK(site.audit->all.back().outcome == "failed");
  CHECK(site.events->last().type == "chat.failed");
  site.gateway->responds(kAsk, HttpResponse(200, "text/html", "<html>"));
  CHECK(site.call("POST", "/chat", {{"message", "hi"}}).body["reason"] == "invalid_reply");
  site.gateway->answers(kAsk, 200, {{"response", "no session"}});
  CHECK(site.call("POST", "/chat", {{"message", "hi"}}).status == 503);
  CHECK(site.transcripts->all.empty());
}

std::string done_event() {
  json done = answer_of_madre();
  done.erase("response");
  return "event: done\ndata: " + done.dump() + "\n\n";
}

TEST_CASE("a streamed chat comes piece by piece, in one form for every upstream") {
  Site site;
  site.headers.add("Accept", "text/event-stream");
  site.gateway->streams(
      kAsk, {"id: 1\nevent: message\ndata: {\"delta\":\"one \"}\n\nevent: mess",
             "age\ndata: {\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\n\n: still here\n\n",
             done_event()});
  ApiAnswer answer = site.call("POST", "/chat", {{"message", "hi"}});
  CHECK(answer.other.head.headers.get("Content-Type") == "text/event-stream");
  const std::string text = all_of(answer);
  CHECK(text.starts_with(
      "id: 1\nevent: message\ndata: {\"delta\":\"one \"}\n\n"
      "id: 2\nevent: message\ndata: {\"delta\":\"two\"}\n\nid: 3\nevent: done\ndata: "));
  const json done = json::parse(text.substr(text.rfind("data: ") + 6));
  CHECK(done["fallback_source"] == "madre_fallback");
  CHECK(done["correlation_id"] == "corr-1");
  CHECK(done["session_id"] == "s-1");
  CHECK(done["latency_ms"].is_number());
  REQUIRE(site.transcripts->all.size() == 1);
  CHECK(site.transcripts->all[0].answer == "one two");
  CHECK(site.events->news() == std::vector<std::string>{"chat.fallback"});
  CHECK(answer.other.body->ended());
}

TEST_CASE("a stream that breaks off ends with an error, and is stored as incomplete") {
  Site site;
  site.headers.add("Accept", "text/event-stream");
  const std::string piece = "event: message\ndata: {\"delta\":\"half\"}\n\n";
  const std::vector<std::deque<Result<std::string>>> streams = {
      {piece, vx11::fail(Errc::invalid_reply, "truncated")},
      {piece},  // ends without its last event
      {piece, "event: done\ndata: nonsense\n\n"},
      {piece,
       "event: error\ndata: "
       "{\"status\":\"service_offline\",\"module\":\"switch\",\"reason\":\"timeout\","
       "\"message\":\"m\",\"session_id\":\"s-1\",\"attempts\":[],\"complete\":false}\n\n"}};
  for (const auto& stream : streams) {
    site.gateway->streams(kAsk, stream);
    ApiAnswer answer = site.call("POST", "/chat", {{"message", "hi"}, {"session_id", "s-1"}});
    const std::string text = all_of(answer);
    REQUIRE(text.find("event: error") != std::string::npos);
    const json error = json::parse(text.substr(text.rfind("data: ") + 6));
    CHECK(error["complete"] == false);
    CHECK(error["status"] == "service_offline");
    CHECK(error["correlation_id"] == "corr-1");
    CHECK(answer.other.body->failed());
    CHECK(site.transcripts->all.back().answer == "half");
    CHECK(site.transcripts->all.back().metadata["complete"] == false);
    CHECK(site.events->last().type == "chat.broken_off");
  }
  // A caller who leaves has cancelled: nothing is stored.
  const std::size_t stored = site.transcripts->all.size();
  site.gateway->streams(kAsk, {piece, vx11::fail(Errc::cancelled, "left")});
  ApiAnswer left = site.call("POST", "/chat", {{"message", "hi"}, {"session_id", "s-1"}});
  all_of(left);
  CHECK(site.transcripts->all.size() == stored);
}

TEST_CASE("a stream that the server cuts short ends with an error, and is stored as incomplete") {
  Site site;
  site.headers.add("Accept", "text/event-stream");
  const std::string piece = "event: message\ndata: {\"delta\":\"half\"}\n\n";
  site.gateway->streams(kAsk, {piece, piece});
  ApiAnswer answer = site.call("POST", "/chat", {{"message", "hi"}, {"session_id", "s-1"}});
  CHECK(vx11::sync_wait(answer.other.body->next({})).value().find("half") != std::string::npos);
  CHECK(answer.other.body->cut_short());
  const std::string text = all_of(answer);
  REQUIRE(text.find("event: error") != std::string::npos);
  const json error = json::parse(text.substr(text.rfind("data: ") + 6));
  CHECK(error["reason"] == "shutting_down");
  CHECK(error["module"] == "operator_backend");
  CHECK(error["complete"] == false);
  CHECK(text.find("event: message") == std::string::npos);
  REQUIRE(site.transcripts->all.size() == 1);
  CHECK(site.transcripts->all[0].answer == "half");
}

TEST_CASE("a stream that is refused, or answered whole, is that") {
  Site site;
  site.headers.add("Accept", "application/json, text/event-stream");
  site.gateway->answers(kAsk, 429, {{"error", "too_many_requests"}, {"status_code", 429}});
  const ApiAnswer refused = site.call("POST", "/chat", {{"message", "hi"}});
  CHECK(refused.is_json);
  CHECK(refused.status == 429);
  site.gateway->answers(kAsk, 200, answer_of_switch());
  ApiAnswer whole = site.call("POST", "/chat", {{"message", "hi"}});
  const std::string text = all_of(whole);
  CHECK(
      text.starts_with("id: 1\nevent: message\ndata: {\"delta\":\"hello\"}\n\nid: 2\nevent: done"));
  CHECK(site.transcripts->all.size() == 1);

  // What the gateway has answered before is stored already.
  HttpResponse replayed(200, "application/json", answer_of_madre().dump());
  replayed.headers.add("Idempotent-Replayed", "true");
  site.gateway->responds(kAsk, replayed);
  ApiAnswer again = site.call("POST", "/chat", {{"message", "hi"}});
  CHECK(all_of(again).find("event: done") != std::string::npos);
  CHECK(site.transcripts->all.size() == 1);
  CHECK(site.events->all.empty());
}

}  // namespace
