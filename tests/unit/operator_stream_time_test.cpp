// Streamed chats over time: early heads, heartbeats, limits, clients that leave or do not read.

#include <vx11/dialect/openai.hpp>
#include <vx11/testing/manual_timer.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "held_stream.hpp"
#include "operator_site.hpp"
#include "streaming_script.hpp"

using namespace operator_site;
using held_stream::HeldStream;
using held_stream::Running;
using streaming_script::Pieces;
using streaming_script::ScriptedStream;
using vx11::Result;
using vx11::StreamedResponse;

namespace {

const std::string kHead = "head";
const std::string kHel = "data: {\"delta\":\"hel\"}\n\n";
const std::string kDone = "event: done\ndata: {}\n\n";
const std::string kHello = R"({"message":"hello","session_id":"s-1"})";
const std::string kComment = ":\n";

/// An API with a manual timer whose switch is a stream that the test drives.
struct TimedSite : Site {
  TimedSite() {
    router.targets[0].transport = upstream;
    router.targets[0].try_timeout = 1h;
    router.total_timeout = 2h;
    options.timer = timer;
    request.headers.add("Accept", "text/event-stream");
  }

  ~TimedSite() {  // nothing may wait any more when its parts are destroyed
    gone.request_stop();
    response.body.reset();
  }

  Running<StreamedResponse>& ask() {
    opening.emplace(api().open(request, vx11::Deadline(vx11::TimePoint::max(), gone.get_token())));
    return *opening;
  }
  /// The response once its head is there.
  void opened() {
    response = opening->take();
    REQUIRE(response.body != nullptr);
    CHECK(response.head.status == 200);
  }
  Running<Result<std::string>>& next() {
    reading.emplace(response.body->next({}));
    return *reading;
  }
  std::string text() { return next().take().value(); }

  double metric(const std::string& series) {
    const std::string all = "\n" + get("/metrics").body;
    const std::size_t at = all.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(all.substr(at + series.size() + 2));
  }
  double streams(const std::string& outcome) {
    return metric("vx11_chat_streams_total{outcome=\"" + outcome + "\"}");
  }

  std::shared_ptr<vx11::testing::ManualTimer> timer =
      std::make_shared<vx11::testing::ManualTimer>(clock);
  std::shared_ptr<HeldStream> upstream = std::make_shared<HeldStream>();
  std::stop_source gone;
  HttpRequest request = with_body("POST", "/operator/chat/ask", kHello);
  StreamedResponse response;
  std::optional<Running<StreamedResponse>> opening;
  std::optional<Running<Result<std::string>>> reading;
};

json last_event(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("event: " + name + "\ndata: ");
  REQUIRE_MESSAGE(at != std::string::npos, text);
  return json::parse(text.substr(text.find("data: ", at) + 6));
}

}  // namespace

TEST_CASE_FIXTURE(TimedSite,
                  "a silent upstream: the head leaves after two seconds with a comment") {
  ask();
  timer->advance(1999ms);
  CHECK_FALSE(opening->over());
  timer->advance(1ms);
  REQUIRE(opening->over());
  opened();
  CHECK(text() == kComment);
  CHECK_FALSE(next().over());
  upstream->line.send(kHead);
  upstream->line.send(kHel);
  CHECK(reading->take().value().find("hel") != std::string::npos);
}

TEST_CASE_FIXTURE(TimedSite, "a failure before the early head is a 503, after it an event") {
  to_madre->then_fail(Errc::unreachable);
  ask();
  upstream->line.fail(Errc::unreachable);
  REQUIRE(opening->over());
  const StreamedResponse refused = opening->take();
  CHECK(refused.body == nullptr);
  CHECK(refused.head.status == 503);
  CHECK(streams("error") == 0);
  CHECK(timer->sleepers() == 0);

  ask();
  timer->advance(2s);
  opened();
  CHECK(text() == kComment);
  next();
  upstream->line.fail(Errc::unreachable);
  const std::string error = reading->take().value();
  CHECK(last_event(error, "error").at("status") == "service_offline");
  CHECK(last_event(error, "error").at("attempts").size() == 2);
  CHECK(error.starts_with("id: 1\nretry: 3600000\n"));
  CHECK(response.body->ended());
  CHECK(text().empty());
  CHECK(streams("error") == 1);
  CHECK(metric("vx11_requests_total{endpoint=\"chat\",status=\"5xx\"}") == 2);
  CHECK(metric("vx11_chat_attempts_total{target=\"madre\",outcome=\"unreachable\"}") == 2);
  CHECK(get("/operator/session/s-1").status == 404);
}

TEST_CASE_FIXTURE(TimedSite,
                  "after the early head fallback continues as long as there is no piece") {
  to_madre->then_json(R"({"response":"from madre"})");
  ask();
  timer->advance(2s);
  opened();
  CHECK(text() == kComment);
  next();
  upstream->line.send(kHead);
  CHECK_FALSE(reading->over());
  upstream->line.fail(Errc::unreachable);
  const std::string all = reading->take().value();
  CHECK(all.find("from madre") != std::string::npos);
  const json done = last_event(response.body->ended() ? all : text(), "done");
  CHECK(done.at("metadata").at("source") == "madre_fallback");
  CHECK(done.at("metadata").at("reason") == "switch_unreachable");
  CHECK(streams("done") == 1);
}

TEST_CASE_FIXTURE(TimedSite,
                  "a comment is written after every ten seconds of silence, not more often") {
  ask();
  upstream->line.send(kHead);
  upstream->line.send(kHel);
  opened();
  CHECK(text().find("hel") != std::string::npos);
  next();
  timer->advance(9s);
  CHECK_FALSE(reading->over());
  upstream->line.send(kHel);  // the silence begins anew
  REQUIRE(reading->over());
  next();
  timer->advance(9999ms);
  CHECK_FALSE(reading->over());
  timer->advance(1ms);
  CHECK(reading->take().value() == kComment);
  next();
  timer->advance(10s);
  CHECK(reading->take().value() == kComment);
  next();
  upstream->line.send(kDone);
  CHECK(reading->take().value().find("event: done") != std::string::npos);
  CHECK(timer->sleepers() == 0);
}

TEST_CASE_FIXTURE(TimedSite,
                  "a model that reasons for a minute: a head after two seconds, comments") {
  router.targets[0].dialect = vx11::openai_dialect().value();
  const std::string thought =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n";
  ask();
  upstream->line.send(kHead);
  std::vector<int> comments;
  for (int second = 1; second <= 60; ++second) {
    upstream->line.send(thought);
    timer->advance(1s);
    if (response.body == nullptr && opening->over()) {
      opened();
      next();
    }
    if (!reading || !reading->over()) continue;
    CHECK(reading->take().value() == kComment);
    comments.push_back(second);
    next();
  }
  CHECK(comments == std::vector<int>{2, 12, 22, 32, 42, 52});
}

TEST_CASE_FIXTURE(TimedSite, "the time in which the client does not read needs no heartbeat") {
  ask();
  upstream->line.send(kHead);
  upstream->line.send(kHel);
  opened();
  CHECK(text().find("hel") != std::string::npos);
  timer->advance(60s);
  CHECK_FALSE(next().over());  // no comments were saved up
}

TEST_CASE_FIXTURE(TimedSite, "nothing is read ahead of a client that does not read") {
  ask();
  upstream->line.send(kHead);
  upstream->line.send(kHel);
  opened();
  CHECK_FALSE(upstream->line.is_waited_for());
  CHECK(text().find("hel") != std::string::npos);
  CHECK_FALSE(upstream->line.is_waited_for());
  next();
  CHECK(upstream->line.is_waited_for());
}

TEST_CASE_FIXTURE(TimedSite, "without a timer there is no early head and no heartbeat") {
  options.timer = nullptr;
  ask();
  timer->advance(1h);
  CHECK_FALSE(opening->over());
  upstream->line.fail(Errc::cancelled);
}

namespace {

/// A timer that has ended: no sleep of it lasts.
class EndedTimer final : public vx11::Timer {
 public:
  vx11::Task<bool> sleep(vx11::Duration /*time*/, std::stop_token /*stop*/) override {
    return false;
  }
};

}  // namespace

TEST_CASE_FIXTURE(TimedSite, "without a timer that runs there is no heartbeat, but a stream") {
  options.timer = std::make_shared<EndedTimer>();
  ask();
  CHECK_FALSE(opening->over());
  upstream->line.send(kHead);
  upstream->line.send(kHel);
  opened();
  CHECK(text().find("hel") != std::string::npos);
}

TEST_CASE_FIXTURE(TimedSite,
                  "a client that leaves a silent stream ends the upstream's call, neutrally") {
  ask();
  upstream->line.send(kHead);
  upstream->line.send(kHel);
  opened();
  CHECK(text().find("hel") != std::string::npos);
  SUBCASE("while the upstream is waited for") {
    next();
  }
  SUBCASE("while the body is not read") {}
  SUBCASE("with a heartbeat that cannot be sent") {
    next();
    timer->advance(10s);
    CHECK(reading->take().value() == kComment);
  }
  const bool waited_for = reading.has_value() && !reading->over();
  if (waited_for) gone.request_stop();
  response.body.reset();
  CHECK(upstream->open_bodies == 0);
  CHECK(timer->sleepers() == 0);
  CHECK(switch_breaker->snapshot().failures == 0);
  CHECK(streams("cut_by_client") == 1);
  CHECK(get("/operator/session/s-1").status == 404);
}

TEST_CASE_FIXTURE(TimedSite, "a client that leaves before the head ends the upstream's call, too") {
  ask();
  gone.request_stop();
  REQUIRE(opening->over());
  CHECK(opening->take().body == nullptr);
  CHECK(to_madre->calls() == 0);
  CHECK(switch_breaker->snapshot().failures == 0);
  CHECK(timer->sleepers() == 0);
}

TEST_CASE_FIXTURE(TimedSite,
                  "a client that leaves after the early head is not an error of the upstreams") {
  ask();
  timer->advance(2s);
  opened();
  next();
  if (!reading->over()) gone.request_stop();
  response.body.reset();
  CHECK(switch_breaker->snapshot().failures == 0);
  CHECK(streams("cut_by_client") == 1);
  CHECK(timer->sleepers() == 0);
}

namespace {

/// An API whose switch sends one piece a second for ever, or something else.
struct EndlessSite : TimedSite {
  void endless(const std::string& first, const std::string& then) {
    Pieces pieces(2000, then);
    pieces[0] = first;
    scripted = std::make_shared<ScriptedStream>(std::move(pieces));
    scripted->takes(clock, 1s);
    router.targets[0].transport = scripted;
  }
  /// How long the stream lasts, and its last event.
  std::pair<vx11::Duration, std::string> lasts() {
    const auto start = clock.now();
    ask();
    opened();
    std::string last;
    for (std::string piece = text(); !piece.empty(); piece = text()) last = piece;
    return {clock.now() - start, last};
  }
  std::shared_ptr<ScriptedStream> scripted;
};

}  // namespace

TEST_CASE_FIXTURE(EndlessSite, "a stream that never ends is broken off at its total limit") {
  options.stream.total = 60s;
  endless(kHel, kHel);
  const auto [took, last] = lasts();
  CHECK(took == 60s);
  CHECK(last_event(last, "error").at("reason") == "timeout");
  CHECK(switch_breaker->snapshot().failures == 1);
  CHECK(scripted->open_bodies() == 0);
  CHECK(streams("cut_by_upstream") == 1);
}

TEST_CASE_FIXTURE(
    EndlessSite,
    "silence is measured by text: comments, events without text and bytes are silence") {
  for (const char* trickle : {":\n", "data: {}\n\n", "event: ping\ndata: 1\n\n", "x"}) {
    CAPTURE(trickle);
    EndlessSite site;
    site.options.stream.silence = 20s;
    site.endless(kHel, trickle);
    const auto [took, last] = site.lasts();
    CHECK(took == 21s);
    CHECK(last_event(last, "error").at("reason") == "timeout");
  }
}

TEST_CASE_FIXTURE(EndlessSite,
                  "pieces that come in time may be as many as fit in the total limit") {
  options.stream.silence = 2s;
  options.stream.total = 10min;
  endless(kHel, kHel);
  CHECK(lasts().first == 10min);
}

TEST_CASE_FIXTURE(TimedSite,
                  "a stream that the server cuts short ends with an error that says so") {
  const auto begin = [&] {
    ask();
    upstream->line.send(kHead);
    upstream->line.send(kHel);
    opened();
    CHECK(text().find("hel") != std::string::npos);
  };
  SUBCASE("while it waits for the upstream") {
    begin();
    CHECK_FALSE(next().over());
    CHECK(response.body->cut_short());
  }
  SUBCASE("while the client is slow") {
    begin();
    CHECK(response.body->cut_short());
    next();
  }
  const json error = last_event(reading->take().value(), "error");
  CHECK(error.at("status") == "service_offline");
  CHECK(error.at("module") == "tentaculo_link");
  CHECK(error.at("reason") == "shutting_down");
  CHECK(error.at("session_id") == "s-1");
  CHECK(error.at("complete") == false);
  CHECK(text().empty());
  CHECK(response.body->failed());
  CHECK(upstream->open_bodies == 0);
  CHECK(streams("error") == 1);
  CHECK(switch_breaker->snapshot().failures == 0);
  const json kept = body_of(get("/operator/session/s-1")).at("messages").at(1);
  CHECK(kept.at("content") == "hel");
  CHECK(kept.at("metadata").at("complete") == false);
}

TEST_CASE_FIXTURE(TimedSite,
                  "a stream without a piece that is cut short ends with that error, too") {
  ask();
  timer->advance(2s);
  opened();
  CHECK(text() == kComment);
  CHECK_FALSE(next().over());
  CHECK(response.body->cut_short());
  const json error = last_event(reading->take().value(), "error");
  CHECK(error.at("reason") == "shutting_down");
  CHECK(error.at("session_id") == "s-1");
  CHECK(text().empty());
  CHECK(streams("error") == 1);
  CHECK(streams("cut_by_client") == 0);
}

TEST_CASE_FIXTURE(TimedSite, "a stream that is complete is not cut short") {
  ask();
  upstream->line.send(kHead);
  upstream->line.send(kHel + kDone);
  opened();
  CHECK(response.body->cut_short());
  const std::string all = text();
  CHECK(all.find("event: done") != std::string::npos);
  CHECK(all.find("shutting_down") == std::string::npos);
  CHECK_FALSE(response.body->failed());
}
