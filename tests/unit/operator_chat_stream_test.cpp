// Chats that the operator API answers as server-sent events.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/sse.hpp"
#include "operator/event_writer.hpp"
#include "operator_site.hpp"
#include "streaming_script.hpp"

using namespace operator_site;
using streaming_script::broken;
using streaming_script::Pieces;
using streaming_script::ScriptedStream;

namespace {

const std::string kHel = "data: {\"delta\":\"hel\"}\n\n";
const std::string kLo = "data: {\"delta\":\"lo\"}\n\n";
const std::string kDone = "event: done\ndata: {\"model\":\"m-7\",\"response\":\"hello\"}\n\n";
const std::string kHello = R"({"message":"hello","session_id":"s-1"})";

struct Event {
  std::string id;
  std::string name;
  std::string data;
};

/// An API whose switch answers with the test's pieces.
struct StreamSite : Site {
  std::shared_ptr<ScriptedStream> upstream;

  void stream(Pieces pieces) {
    upstream = std::make_shared<ScriptedStream>(std::move(pieces));
    router.targets[0].transport = upstream;
  }
  static HttpRequest asking(const std::string& accept = "text/event-stream") {
    HttpRequest request = with_body("POST", "/operator/chat/ask", kHello);
    if (!accept.empty()) request.headers.add("Accept", accept);
    return request;
  }
  vx11::StreamedResponse open(const HttpRequest& request) {
    return vx11::sync_wait(api().open(request));
  }
  /// The bytes of the whole stream.
  std::string text() {
    const HttpRequest request = asking();
    vx11::StreamedResponse opened = open(request);
    head = std::move(opened.head);
    REQUIRE(opened.body != nullptr);
    std::string all;
    for (;;) {
      auto piece = vx11::sync_wait(opened.body->next({}));
      REQUIRE(piece.has_value());
      if (piece->empty()) return all;
      all += *piece;
    }
  }
  std::vector<Event> events() {
    vx11::SseParser parser;
    parser.feed(text());
    std::vector<Event> all;
    while (auto event = parser.next()) {
      all.push_back({std::string(event->id), std::string(event->name), std::string(event->data)});
    }
    return all;
  }
  json stored() { return body_of(get("/operator/session/s-1")); }
  /// The value of a series; -1 if it does not exist.
  double metric(const std::string& series) {
    const std::string all = "\n" + get("/metrics").body;
    const std::size_t at = all.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(all.substr(at + series.size() + 2));
  }

  HttpResponse head;
};

std::string streams_total(const std::string& outcome) {
  return "vx11_chat_streams_total{outcome=\"" + outcome + "\"}";
}
std::string chats_total(const std::string& status) {
  return "vx11_requests_total{endpoint=\"chat\",status=\"" + status + "\"}";
}

}  // namespace

TEST_CASE_FIXTURE(StreamSite, "a stream says how it is encoded and that it must not be changed") {
  stream({kHel + kDone});
  text();
  CHECK(head.status == 200);
  CHECK(head.headers.get("Content-Type") == "text/event-stream; charset=utf-8");
  CHECK(head.headers.get("Cache-Control") == "no-store, no-transform");
  CHECK(head.headers.count("Cache-Control") == 1);
  CHECK(head.headers.get("X-Accel-Buffering") == "no");
  CHECK(get("/operator/status").headers.get("Cache-Control") == "no-store");
}

TEST_CASE_FIXTURE(StreamSite, "every event has an id, and done asks not to connect again") {
  stream({kHel + kLo, kDone});
  const std::string all = text();
  CHECK(
      all.starts_with("id: 1\nevent: message\ndata: {\"delta\":\"hel\"}\n\n"
                      "id: 2\nevent: message\ndata: {\"delta\":\"lo\"}\n\n"
                      "id: 3\nretry: 3600000\nevent: done\ndata: {"));
}

TEST_CASE_FIXTURE(StreamSite, "done has what the upstream said besides the text") {
  stream({kHel, kLo, kDone});
  const auto all = events();
  REQUIRE(all.size() == 3);
  const json done = json::parse(all[2].data);
  CHECK(done.at("session_id") == "s-1");
  CHECK(done.at("degraded") == false);
  CHECK(done.at("metadata").at("upstream") == json{{"model", "m-7"}});
  CHECK(done.at("metadata").at("attempts")[0].contains("first_piece_ms"));
  CHECK(stored().at("messages")[1].at("content") == "hello");
  CHECK_FALSE(stored().at("messages")[1].at("metadata").contains("complete"));
}

TEST_CASE_FIXTURE(StreamSite, "what arrives together leaves in one piece") {
  stream({kHel + kLo + kHel, kLo + kDone});
  const HttpRequest request = asking();
  vx11::StreamedResponse opened = open(request);
  const auto count = [&] {
    const std::string piece = vx11::sync_wait(opened.body->next({})).value();
    std::size_t events = 0;
    for (std::size_t at = 0; (at = piece.find("event: ", at)) != std::string::npos; ++at) ++events;
    return events;
  };
  CHECK(count() == 3);
  CHECK(count() == 2);
  CHECK(count() == 0);
}

TEST_CASE_FIXTURE(StreamSite, "a POST that continues a stream is answered 204 and asks no target") {
  stream({kHel, kDone});
  HttpRequest request = asking();
  request.headers.add("Last-Event-ID", "3");
  vx11::StreamedResponse opened = open(request);
  CHECK(opened.head.status == 204);
  CHECK(opened.body == nullptr);
  CHECK(upstream->calls() == 0);
  request.headers.remove("x-vx11-token");
  CHECK(open(request).head.status == 401);
}

TEST_CASE_FIXTURE(StreamSite, "events are sent to those whose Accept lists them") {
  for (const char* accept : {"text/event-stream", "application/json, Text/Event-Stream;q=0.5",
                             "text/event-stream ; x=y ,*/*"}) {
    stream({kHel, kDone});
    const HttpRequest request = asking(accept);
    CHECK_MESSAGE(open(request).body != nullptr, accept);
  }
  for (const char* accept :
       {"", "*/*", "text/*", "text/event-stream;q=0", "text/event-stream; Q=0.0",
        "x-text/event-stream", "application/json;v=\"text/event-stream\""}) {
    const HttpRequest request = asking(accept);
    CHECK_MESSAGE(open(request).body == nullptr, accept);
  }
}

TEST_CASE_FIXTURE(StreamSite, "line separators in the text leave as escapes and are stored") {
  stream({"data: {\"delta\":\"a\xE2\x80\xA8z\xC2\x85\"}\n\n" + kDone});
  const std::string all = text();
  CHECK(all.find("\\u2028") != std::string::npos);
  CHECK(all.find("\\u0085") != std::string::npos);
  CHECK(all.find("\xE2\x80\xA8") == std::string::npos);
  CHECK(stored().at("messages")[1].at("content") == "a\xE2\x80\xA8z\xC2\x85");
}

TEST_CASE_FIXTURE(StreamSite,
                  "a broken stream is reported to client, session, breaker and metrics") {
  const struct {
    const char* what;
    Pieces pieces;
    const char* reason;
    const char* outcome;
    const char* counted;
  } cases[] = {
      {"cut cleanly", {kHel, kLo}, "invalid_reply", "invalid_reply", "cut_by_upstream"},
      {"reset",
       {kHel, kLo, broken(Errc::unreachable)},
       "unreachable",
       "unreachable",
       "cut_by_upstream"},
      {"silent", {kHel, kLo, broken(Errc::timeout)}, "timeout", "timeout", "cut_by_upstream"},
      {"error event",
       {kHel + kLo + "event: error\ndata: {\"x\":1}\n\n"},
       "error",
       "error",
       "error"},
      {"error as data",
       {kHel + kLo, "data: {\"error\":\"x\"}\n\n" + kDone},
       "error",
       "error",
       "error"},
      {"foreign end",
       {kHel + kLo + "data: [DONE]\n\n"},
       "invalid_reply",
       "invalid_reply",
       "cut_by_upstream"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    StreamSite site;
    site.stream(one.pieces);
    const auto all = site.events();
    REQUIRE(all.size() == 3);
    CHECK(all[2].name == "error");
    CHECK(all[2].id == "3");
    const json error = json::parse(all[2].data);
    CHECK(error.at("status") == "service_offline");
    CHECK(error.at("reason") == one.reason);
    CHECK(error.at("complete") == false);
    CHECK(error.at("session_id") == "s-1");
    CHECK(error.at("attempts")[0].at("outcome") == one.outcome);
    const json session = site.stored();
    REQUIRE(session.at("messages").size() == 2);
    CHECK(session.at("messages")[1].at("content") == "hello");
    CHECK(session.at("messages")[1].at("metadata").at("complete") == false);
    CHECK(session.at("messages")[1].at("metadata").at("source") == "switch");
    CHECK(site.switch_breaker->snapshot().failures == 1);
    CHECK(site.metric(streams_total(one.counted)) == 1);
    CHECK(site.metric(chats_total("5xx")) == 1);
    CHECK(site.metric(chats_total("2xx")) == 0);
    CHECK(site.metric("vx11_chat_attempts_total{target=\"switch\",outcome=\"answered\"}") == 0);
    CHECK(site.metric("vx11_chat_attempts_total{target=\"switch\",outcome=\"" +
                      std::string(one.outcome) + "\"}") == 1);
  }
}

TEST_CASE_FIXTURE(StreamSite, "a stream is counted at its end, with its whole time") {
  stream({kHel, kLo, kDone});
  upstream->takes(clock, 1s);
  {
    const HttpRequest request = asking();
    vx11::StreamedResponse opened = open(request);
    CHECK(metric(chats_total("2xx")) == 0);
    while (!vx11::sync_wait(opened.body->next({})).value().empty()) {
    }
  }
  CHECK(metric(chats_total("2xx")) == 1);
  CHECK(metric(streams_total("done")) == 1);
  CHECK(metric("vx11_chat_stream_first_piece_seconds_sum") == 1);
  CHECK(metric("vx11_chat_stream_duration_seconds_sum") == 3);
  CHECK(metric("vx11_request_duration_seconds_sum{endpoint=\"chat\"}") == 3);
  CHECK(metric("vx11_chat_attempts_total{target=\"switch\",outcome=\"answered\"}") == 1);
}

TEST_CASE_FIXTURE(StreamSite, "a stream whose client leaves is counted as cut by the client") {
  stream({kHel, kLo, kDone});
  {
    const HttpRequest request = asking();
    vx11::StreamedResponse opened = open(request);
    CHECK_FALSE(vx11::sync_wait(opened.body->next({})).value().empty());
  }
  CHECK(upstream->open_bodies() == 0);
  CHECK(metric(streams_total("cut_by_client")) == 1);
  CHECK(metric(chats_total("4xx")) == 1);
  CHECK(metric(chats_total("2xx")) == 0);
  CHECK(metric("vx11_chat_attempts_total{target=\"switch\",outcome=\"cancelled\"}") == 1);
  CHECK(switch_breaker->snapshot().failures == 0);
}

TEST_CASE("the text that a stream collects has little room left over") {
  vx11::endpoints::EventWriter writer;
  const std::string word = "seven b";
  for (int i = 0; i < 5000; ++i) {
    writer.take(R"({"delta":"seven b"})", word);
    writer.take_out();
  }
  const std::string text = writer.take_text();
  CHECK(text.size() == 5000 * word.size());
  CHECK(text.starts_with("seven bseven b"));
  CHECK(text.capacity() < text.size() + text.size() / 8 + 64);
}
