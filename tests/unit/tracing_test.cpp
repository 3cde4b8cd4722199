// The spans of requests, and the trace that upstreams get.

#include <vx11/dialect/openai.hpp>
#include <vx11/http_request_log.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/span_attributes.hpp>
#include <vx11/tracing.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handler_fakes.hpp"
#include "streaming_script.hpp"
#include "traced_site.hpp"

using namespace traced_site;
using vx11::Headers;

namespace {

/// The operator API within a log that traces.
struct TracedApi : operator_site::Site {
  explicit TracedApi(TracerOptions how = {.ratio = 1}) {
    how.sink = recorder;
    how.clock = clock;
    tracer = Tracer::create(std::move(how)).value();
  }
  const vx11::HttpHandler& handler() {
    if (log == nullptr) {
      const auto note = [this](const vx11::RequestRecord& record) {
        trace_ids.emplace_back(record.trace_id);
        span_ids.emplace_back(record.span_id);
        sampled.push_back(record.is_sampled);
      };
      log = vx11::make_request_log(
                std::make_shared<vx11::OperatorApi>(api()),
                {.sink = note, .clock = clock, .wall_clock = clock, .tracer = tracer})
                .value();
    }
    return *log;
  }
  static HttpRequest chat(const std::string& traceparent = {}) {
    HttpRequest request = with_body("POST", "/operator/chat/ask?secret=1",
                                    R"({"message":"private words","session_id":"s-1"})");
    if (!traceparent.empty()) request.headers.add("traceparent", traceparent);
    return request;
  }
  HttpResponse answer(const HttpRequest& request) {
    const auto asked = handler_fakes::ask(handler(), request);
    REQUIRE(asked->is_answered());
    return asked->answer->head;
  }
  std::vector<Span> spans() const { return recorder->take_all(); }
  /// Before the first request.
  void count_requests() {
    options.request_metrics = vx11::RequestMetrics::create(vx11::OperatorApi::routes());
  }
  /// The trace ids that the durations of requests show.
  std::vector<std::string> exemplars() const {
    std::vector<std::string> ids;
    for (const vx11::MetricFamily& family :
         vx11::RequestMetrics::families(options.request_metrics)) {
      for (const vx11::MetricSeries& series : family.series) {
        if (!series.histogram) continue;
        const vx11::HistogramReading reading = series.histogram();
        for (const vx11::MetricBucket& bucket : reading.buckets) {
          if (bucket.exemplar) ids.push_back(bucket.exemplar->trace_id);
        }
      }
    }
    return ids;
  }

  std::shared_ptr<SpanRecorder> recorder = std::make_shared<SpanRecorder>();
  std::shared_ptr<const Tracer> tracer = {};
  std::shared_ptr<vx11::HttpHandler> log = {};
  std::vector<std::string> trace_ids = {};
  std::vector<std::string> span_ids = {};
  std::vector<bool> sampled = {};
};

}  // namespace

TEST_CASE_FIXTURE(TracedApi,
                  "a chat is a span of the caller's trace, its attempts are its children") {
  to_switch->then_fail(Errc::unreachable);
  to_madre->then_json(R"({"response":"hi"})");
  CHECK(answer(chat(parent("00", "01"))).status == 200);
  const auto all = spans();
  REQUIRE(all.size() == 3);
  const Span own = only(all, vx11::SpanKind::server);
  CHECK(vx11::TraceParentText({own.trace_id, own.parent_id, 1}).text() == parent("00", "01"));
  CHECK(own.is_parent_remote);
  CHECK(own.name == "POST /operator/chat/ask");
  CHECK(text(own, "http.request.method") == "POST");
  CHECK(text(own, "http.route") == "/operator/chat/ask");
  CHECK(number(own, "http.response.status_code") == 200);
  CHECK(text(own, "url.scheme") == "http");
  CHECK(text(own, "vx11.chat.source") == "madre_fallback");
  CHECK_FALSE(own.has_failed);
  for (const Span& span : all) {
    CHECK(span.end >= span.start);
    CHECK(span.start >= own.start);
    CHECK(span.end <= own.end);
    if (span.kind == vx11::SpanKind::client) CHECK(span.parent_id == own.span_id);
    for (const auto& attribute : span.attributes) {
      const auto* const value = std::get_if<std::string>(&attribute.value);
      CHECK((value == nullptr || (value->find("secret") == std::string::npos &&
                                  value->find("private") == std::string::npos &&
                                  value->find("s-1") == std::string::npos)));
    }
  }
  CHECK(trace_ids == std::vector<std::string>{kTraceId});
  CHECK(span_ids == std::vector<std::string>{std::string(
                        vx11::TraceParentText({own.trace_id, own.span_id, 0}).span_id())});
  CHECK(sampled == std::vector<bool>{true});
}

TEST_CASE_FIXTURE(TracedApi,
                  "an exemplar names a trace that is recorded, of the gateway if it has one") {
  count_requests();
  to_switch->then_json(R"({"response":"x"})");
  answer(chat());
  CHECK(exemplars() == trace_ids);
  to_switch->then_json(R"({"response":"x"})");
  answer(chat(parent("00", "01")));
  CHECK(exemplars() == std::vector<std::string>{kTraceId});
}

TEST_CASE("a trace that nothing records is no exemplar") {
  TracedApi site({.ratio = 0, .parent_based = false});
  site.count_requests();
  for (const std::string& from : {std::string(), parent("00", "01")}) {
    site.to_switch->then_json(R"({"response":"x"})");
    site.answer(TracedApi::chat(from));
  }
  CHECK(site.exemplars().empty());
}

TEST_CASE("without a tracer the exemplar is the caller's trace, if that is sampled") {
  for (const char* flags : {"00", "01"}) {
    TracedApi site;
    site.tracer = nullptr;
    site.count_requests();
    site.to_switch->then_json(R"({"response":"x"})");
    site.answer(TracedApi::chat(parent("00", flags)));
    CHECK(site.exemplars().size() == (std::string_view(flags) == "01" ? 1 : 0));
    CHECK(site.trace_ids == std::vector<std::string>{kTraceId});
  }
}

TEST_CASE_FIXTURE(TracedApi, "a stream's exemplar is the gateway's trace") {
  count_requests();
  router.targets[0].transport = std::make_shared<streaming_script::ScriptedStream>(
      streaming_script::Pieces{"data: {\"delta\":\"lo\"}\n\n", "event: done\ndata: {}\n\n"});
  HttpRequest request = chat();
  request.headers.add("Accept", "text/event-stream");
  const auto asked = handler_fakes::ask(handler(), request);
  REQUIRE(asked->is_answered());
  CHECK_FALSE(handler_fakes::read_all(*asked->answer).empty());
  CHECK(exemplars() == trace_ids);
}

TEST_CASE_FIXTURE(TracedApi, "a refusal is a span without children, and no error") {
  HttpRequest request = chat();
  request.headers.remove("x-vx11-token");
  CHECK(answer(request).status == 401);
  const Span own = only(spans(), vx11::SpanKind::server);
  CHECK(number(own, "http.response.status_code") == 401);
  CHECK_FALSE(own.has_failed);
  CHECK(own.parent_id == 0);
}

TEST_CASE_FIXTURE(TracedApi, "an invented method becomes no name") {
  CHECK(answer(authorised("INVENTED", "/operator/chat/ask")).status == 405);
  const Span own = only(spans(), vx11::SpanKind::server);
  CHECK(own.name == "HTTP /operator/chat/ask");
  CHECK(text(own, "http.request.method") == "_OTHER");
}

TEST_CASE("a chat that no target answers is kept with all attempts though it was not sampled") {
  TracedApi site({.ratio = 0});
  site.to_switch->then_json(R"({"response":"hi"})").then_fail(Errc::timeout);
  site.to_madre->then_fail(Errc::unreachable);
  CHECK(site.answer(TracedApi::chat()).status == 200);
  CHECK(site.spans().empty());
  CHECK(site.sampled == std::vector<bool>{false});
  CHECK(site.trace_ids.front().size() == 32);
  CHECK(site.answer(TracedApi::chat()).status == 503);
  const auto all = site.spans();
  REQUIRE(all.size() == 3);
  const Span own = only(all, vx11::SpanKind::server);
  CHECK(own.has_failed);
  CHECK(text(own, "error.type") == "service_offline");
  CHECK((own.flags & vx11::kTraceSampled) == 0);
}

TEST_CASE("failures are kept if on_error is set, up to a limit a second") {
  struct Row {
    bool wanted;
    std::uint32_t most;
    std::vector<std::size_t> kept;  ///< Requests of each second.
    std::uint64_t left_out;
  };
  for (const Row& row : std::vector<Row>{{true, 10, {3, 3}, 0},
                                         {true, 2, {2, 2}, 2},
                                         {true, 0, {0, 0}, 6},
                                         {false, 10, {0, 0}, 0}}) {
    CAPTURE(row.most);
    const auto left_out = std::make_shared<std::atomic<std::uint64_t>>(0);
    TracedApi site({.ratio = 0,
                    .on_error = row.wanted,
                    .max_failures = row.most,
                    .failures_left_out = left_out});
    site.to_switch->then_fail(Errc::timeout);
    site.to_madre->then_fail(Errc::timeout);
    for (const std::size_t kept : row.kept) {
      for (int i = 0; i < 3; ++i) CHECK(site.answer(TracedApi::chat()).status == 503);
      auto all = site.spans();
      std::erase_if(all, [](const Span& span) { return span.kind != vx11::SpanKind::server; });
      CHECK(all.size() == kept);
      site.clock.advance(1s);
    }
    CHECK(*left_out == row.left_out);
  }
}

TEST_CASE(
    "a limit of failures leaves sampled traces alone, and refusals of callers use none of it") {
  const auto left_out = std::make_shared<std::atomic<std::uint64_t>>(0);
  TracedApi site({.ratio = 0, .max_failures = 0, .failures_left_out = left_out});
  HttpRequest refused = TracedApi::chat();
  refused.headers.remove("x-vx11-token");
  CHECK(site.answer(refused).status == 401);
  CHECK(*left_out == 0);
  site.to_switch->then_fail(Errc::timeout);
  site.to_madre->then_fail(Errc::timeout);
  CHECK(site.answer(TracedApi::chat(parent("00", "01"))).status == 503);
  CHECK(site.spans().size() == 3);
  CHECK(*left_out == 0);
}

namespace {

using Written = std::set<std::pair<vx11::SpanPlace, std::string_view>>;

/// What spans have, by place.
void note(Written& written, const std::vector<Span>& spans) {
  for (const Span& span : spans) {
    const bool is_own = span.kind == vx11::SpanKind::server;
    const auto place = is_own ? vx11::SpanPlace::request : vx11::SpanPlace::attempt;
    for (const auto& attribute : span.attributes) written.emplace(place, attribute.name);
    for (const auto& event : span.events) {
      written.emplace(vx11::SpanPlace::event, event.name);
      for (const auto& attribute : event.attributes)
        written.emplace(vx11::SpanPlace::event, attribute.name);
    }
  }
}

void ask_until_a_breaker_rejects(TracedApi& site) {
  site.to_switch->then_fail(Errc::timeout);
  site.to_madre->then_json(R"({"response":"hi"})");
  for (int i = 0; i < 4; ++i) CHECK(site.answer(TracedApi::chat()).status == 200);
}

void ask_in_vain(TracedApi& site) {
  site.to_switch->then(HttpResponse(500));
  site.to_madre->then(HttpResponse(500));
  CHECK(site.answer(TracedApi::chat()).status == 503);
}

void read_stream(TracedApi& site) {
  site.router.targets[0].transport = std::make_shared<streaming_script::ScriptedStream>(
      streaming_script::Pieces{"data: {\"delta\":\"hello\"}\n\n", "event: done\ndata: {}\n\n"});
  HttpRequest request = TracedApi::chat();
  request.headers.add("Accept", "text/event-stream");
  auto asked = handler_fakes::ask(site.handler(), request);
  REQUIRE(asked->is_answered());
  handler_fakes::read_all(*asked->answer);
}

void ask_a_model(TracedApi& site) {
  site.router.targets[0].dialect = vx11::openai_dialect({.model = "gpt-x"}).value();
  site.to_switch->then_json(
      R"({"model":"gpt-x-2","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],)"
      R"("usage":{"prompt_tokens":7,"completion_tokens":3}})");
  CHECK(site.answer(TracedApi::chat()).status == 200);
}

}  // namespace

TEST_CASE("the manual has every attribute and event that spans have, in its place, and no other") {
  Written written;
  for (const auto act : {ask_until_a_breaker_rejects, ask_in_vain, read_stream, ask_a_model}) {
    TracedApi site;
    act(site);
    note(written, site.spans());
  }
  Written manual;
  for (const auto& row : vx11::span_attribute_table()) manual.emplace(row.place, row.name);
  for (const auto& [place, name] : written) {
    const auto& case_name = name;  // clang 14 captures no structured binding
    CAPTURE(case_name);
    CHECK(manual.contains({place, name}));
  }
  for (const auto& [place, name] : manual) {
    const auto& case_name = name;  // clang 14 captures no structured binding
    CAPTURE(case_name);
    CHECK(written.contains({place, name}));
  }
}

TEST_CASE("madre gets the span of the request as the parent of an order") {
  for (const bool is_traced : {true, false}) {
    CAPTURE(is_traced);
    TracedApi site;
    site.to_power->then_json(R"({"status":"ok"})");
    HttpRequest request =
        TracedApi::with_body("POST", "/operator/power/service/switch/start", "{}");
    request.headers.add("traceparent", parent("00", "01"));
    request.headers.add("tracestate", "a=1");
    if (is_traced) {
      CHECK(site.answer(request).status == 200);
    } else {
      CHECK(site.send(request).status == 200);
    }
    const Headers sent = site.to_power->requests().at(0).headers;
    const auto context = vx11::read_trace_context(sent);
    REQUIRE(context.parent);
    CHECK(context.state == "a=1");
    CHECK((sent.get("traceparent") == parent("00", "01")) == !is_traced);
    if (is_traced) {
      CHECK(context.parent->span_id == only(site.spans(), vx11::SpanKind::server).span_id);
    }
  }
}

TEST_CASE("a task's upstream gets the span of the request as its parent") {
  TracedApi site;
  site.options.tasks = site.router.targets[0];
  site.to_switch->then_json(R"({"status":"ok"})");
  HttpRequest request =
      TracedApi::with_body("POST", "/operator/task", R"({"task_type":"t","payload":{}})");
  request.headers.add("traceparent", parent("00", "01"));
  CHECK(site.answer(request).status == 200);
  const Span own = only(site.spans(), vx11::SpanKind::server);
  const auto sent = vx11::read_trace_context(site.to_switch->requests().at(0).headers);
  REQUIRE(sent.parent);
  CHECK(sent.parent->span_id == own.span_id);
  CHECK(sent.parent->trace_id == own.trace_id);
}

TEST_CASE("the span of a stream ends with the stream") {
  TracedApi site;
  site.router.targets[0].transport = std::make_shared<streaming_script::ScriptedStream>(
      streaming_script::Pieces{"data: {\"delta\":\"hel\"}\n\n", "data: {\"delta\":\"lo\"}\n\n",
                               "event: done\ndata: {}\n\n"});
  HttpRequest request = TracedApi::chat();
  request.headers.add("Accept", "text/event-stream");
  {
    auto asked = handler_fakes::ask(site.handler(), request);
    REQUIRE(asked->is_answered());
    CHECK(site.spans().empty());
    site.clock.advance(3s);
    CHECK_FALSE(handler_fakes::read_all(*asked->answer).empty());
  }
  const auto all = site.spans();
  REQUIRE(all.size() == 2);
  const Span own = only(all, vx11::SpanKind::server);
  CHECK(own.end - own.start == 3s);
  CHECK(text(own, "vx11.stream.end") == "done");
  const Span attempt = only(all, vx11::SpanKind::client);
  CHECK(text(attempt, "vx11.outcome") == "answered");
  CHECK(find(attempt, "gen_ai.response.time_to_first_chunk") != nullptr);
  CHECK(find(attempt, "gen_ai.request.stream") != nullptr);
}

TEST_CASE("a client that leaves a stream leaves complete spans") {
  TracedApi site;
  site.router.targets[0].transport = std::make_shared<streaming_script::ScriptedStream>(
      streaming_script::Pieces{"data: {\"delta\":\"hel\"}\n\n", "data: {\"delta\":\"lo\"}\n\n"});
  HttpRequest request = TracedApi::chat();
  request.headers.add("Accept", "text/event-stream");
  {
    auto asked = handler_fakes::ask(site.handler(), request);
    REQUIRE(asked->is_answered());
    REQUIRE(asked->answer->body != nullptr);
    asked->client.request_stop();
  }
  const auto all = site.spans();
  REQUIRE(all.size() == 2);
  CHECK(text(only(all, vx11::SpanKind::server), "vx11.stream.end") == "client_left");
  CHECK(text(only(all, vx11::SpanKind::client), "vx11.outcome") == "cancelled");
}

TEST_CASE("without a tracer the caller's context reaches the upstream unchanged") {
  operator_site::Site site;
  site.to_switch->then_json(R"({"response":"hi"})").then_json(R"({"response":"hi"})");
  HttpRequest request = TracedApi::chat(parent("cc", "ff", "-more"));
  request.headers.add("tracestate", "a=1, b=2");
  request.headers.add("tracestate", "c=3");
  CHECK(site.send(request).status == 200);
  const Headers sent = site.to_switch->requests().at(0).headers;
  CHECK(sent.get("traceparent") == parent("cc", "ff", "-more"));
  CHECK(sent.get("tracestate") == "a=1, b=2,c=3");
  HttpRequest invalid = TracedApi::chat("nonsense");
  invalid.headers.add("tracestate", "a=1");
  CHECK(site.send(invalid).status == 200);
  CHECK_FALSE(site.to_switch->requests().at(1).headers.contains("traceparent"));
  CHECK_FALSE(site.to_switch->requests().at(1).headers.contains("tracestate"));
}
