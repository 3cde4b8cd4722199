// W3C Trace Context by its letter, which traces are kept, and the spans of a request and its
// attempts.

#include <vx11/dialect/openai.hpp>
#include <vx11/http_request_log.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/span_attributes.hpp>
#include <vx11/tracing.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handler_fakes.hpp"
#include "operator_site.hpp"
#include "router_upstreams.hpp"
#include "streaming_script.hpp"

using vx11::Headers;
using vx11::parse_trace_parent;
using vx11::RequestTrace;
using vx11::Span;
using vx11::SpanRecorder;
using vx11::Tracer;
using vx11::TracerOptions;

namespace {

const std::string kTraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSpanId = "00f067aa0ba902b7";

std::string parent(const std::string& version, const std::string& flags,
                   const std::string& rest = "") {
  return version + "-" + kTraceId + "-" + kSpanId + "-" + flags + rest;
}

std::string state_of(std::initializer_list<std::string_view> fields) {
  Headers headers;
  headers.add("traceparent", parent("00", "01"));
  for (const std::string_view field : fields) headers.add("tracestate", field);
  return vx11::read_trace_context(headers).state;
}

std::string members(int count) {
  std::string list;
  for (int i = 0; i < count; ++i) list += (i == 0 ? "k" : ",k") + std::to_string(i) + "=1";
  return list;
}

/// A tracer whose spans are recorded, over a clock that the test turns.
struct Traced {
  explicit Traced(TracerOptions options = {.ratio = 1}) {
    options.sink = spans;
    options.clock = clock;
    options.wall_now = [] { return vx11::SpanTime(1'700'000'000s); };
    options.random = [this] { return ++numbers; };
    tracer = Tracer::create(std::move(options)).value();
  }

  std::shared_ptr<RequestTrace> begin(const std::string& traceparent = {},
                                      const std::string& tracestate = {}) const {
    HttpRequest head("POST", {}, "/operator/chat/ask");
    if (!traceparent.empty()) head.headers.add("traceparent", traceparent);
    if (!tracestate.empty()) head.headers.add("tracestate", tracestate);
    return tracer->begin(head, clock.now());
  }

  vx11::testing::ManualClock clock = {};
  std::shared_ptr<SpanRecorder> spans = std::make_shared<SpanRecorder>();
  std::uint64_t numbers = 0;
  std::shared_ptr<const Tracer> tracer = {};
};

const vx11::SpanValue* find(const Span& span, std::string_view name) {
  const auto found = std::find_if(span.attributes.begin(), span.attributes.end(),
                                  [=](const auto& a) { return a.name == name; });
  return found == span.attributes.end() ? nullptr : &found->value;
}
std::string text(const Span& span, std::string_view name) {
  const auto* const value = find(span, name);
  return value == nullptr ? "" : std::get<std::string>(*value);
}
std::int64_t number(const Span& span, std::string_view name) {
  const auto* const value = find(span, name);
  return value == nullptr ? -1 : std::get<std::int64_t>(*value);
}
std::vector<std::string_view> events(const Span& span) {
  std::vector<std::string_view> names;
  for (const vx11::SpanEvent& event : span.events) names.push_back(event.name);
  return names;
}
Span only(std::vector<Span> spans, vx11::SpanKind kind) {
  std::erase_if(spans, [=](const Span& span) { return span.kind != kind; });
  REQUIRE(spans.size() == 1);
  return spans.front();
}

}  // namespace

TEST_CASE("a traceparent is taken over by the letter of the recommendation") {
  struct Row {
    std::string text;
    bool is_valid;
    int flags = 1;
  };
  const std::string zeros(32, '0');
  for (const Row& row : std::vector<Row>{
           {parent("00", "01"), true},
           {parent("00", "00"), true, 0},
           {parent("00", "02"), true, 2},
           {parent("00", "03"), true, 3},
           {parent("00", "ff"), true, 3},              // unknown flags are dropped
           {parent("00", "fc"), true, 0},              //
           {parent("01", "03"), true, 1},              // of another version only sampled is known
           {parent("cc", "01", "-more-of-it"), true},  // a later version may add fields
           {parent("cc", "01", "-"), true},            //
           {parent("cc", "01", ".more"), false},       // which begin with a dash
           {parent("cc", "01", "x"), false},           //
           {parent("00", "01", "-more"), false},       // version 00 has no further fields
           {parent("00", "01", "-"), false},           //
           {parent("ff", "01"), false},                // the forbidden version
           {parent("FF", "01"), false},                // no capitals
           {parent("0x", "01"), false},                //
           {parent("00", "0"), false},                 //
           {parent("00", "0g"), false},                //
           {parent("00", "0A"), false},                //
           {"00-" + zeros + "-" + kSpanId + "-01", false},  // ids of zeros
           {"00-" + kTraceId + "-0000000000000000-01", false},
           {"00-4BF92F3577B34DA6A3CE929D0E0E4736-" + kSpanId + "-01", false},
           {"00-" + kTraceId + "-00F067AA0BA902B7-01", false},
           {"00-" + kTraceId.substr(1) + "-" + kSpanId + "-01", false},
           {"00-" + kTraceId + "a-" + kSpanId + "-01", false},
           {"00_" + kTraceId + "-" + kSpanId + "-01", false},
           {"00-" + kTraceId + "_" + kSpanId + "-01", false},
           {"00-" + kTraceId + "-" + kSpanId + "_01", false},
           {" " + parent("00", "01"), false},
           {"", false},
           {"00", false},
       }) {
    CAPTURE(row.text);
    const auto read = parse_trace_parent(row.text);
    CHECK(read.has_value() == row.is_valid);
    if (!read || !row.is_valid) continue;
    CHECK(read->flags == row.flags);
    const vx11::TraceParentText written(*read);
    CHECK(written.text() == parent("00", "0" + std::to_string(row.flags)));
    CHECK(written.trace_id() == kTraceId);
    CHECK(written.span_id() == kSpanId);
  }
}

TEST_CASE("every digit of an id is read and written") {
  for (const std::string id :
       {"0123456789abcdeffedcba9876543210", "a0b1c2d3e4f5061728394a5b6c7d8e9f",
        "00000000000000000000000000000001"}) {
    const auto read = parse_trace_parent("00-" + id + "-" + id.substr(16) + "-01");
    REQUIRE(read);
    CHECK(vx11::TraceParentText(*read).trace_id() == id);
    CHECK(vx11::TraceParentText(*read).span_id() == id.substr(16));
  }
}

TEST_CASE("a repeated traceparent is none") {
  Headers headers;
  headers.add("traceparent", parent("00", "01"));
  headers.add("TraceParent", parent("00", "01"));
  headers.add("tracestate", "a=1");
  CHECK_FALSE(vx11::read_trace_context(headers).parent);
  CHECK(vx11::read_trace_context(headers).state.empty());
}

TEST_CASE("a tracestate is taken over by the letter of the recommendation") {
  CHECK(state_of({}).empty());
  CHECK(state_of({""}).empty());
  CHECK(state_of({"rojo=00f067aa0ba902b7"}) == "rojo=00f067aa0ba902b7");
  CHECK(state_of({"a=1,b=2", "c=3"}) == "a=1,b=2,c=3");       // several fields are one list
  CHECK(state_of({" a=1 , \tb=2\t ,c=3"}) == "a=1,b=2,c=3");  // space around members
  CHECK(state_of({"a=1,,b=2,", ",c=3"}) == "a=1,b=2,c=3");    // empty members
  CHECK(state_of({"a=1,b=2,a=3"}) == "a=1,b=2");              // the first of a key is the newest
  CHECK(state_of({"tenant@system=1"}) == "tenant@system=1");
  CHECK(state_of({"0a_-*/@z=1"}) == "0a_-*/@z=1");
  CHECK(state_of({"a= x y"}) == "a= x y");  // spaces belong to the value but at its end
  CHECK(state_of({"a=" + std::string(256, 'v')}) == "a=" + std::string(256, 'v'));
  CHECK(state_of({std::string(256, 'k') + "=1"}) == std::string(256, 'k') + "=1");
  CHECK(state_of({members(32)}) == members(32));
  CHECK(state_of({members(33)}).empty());  // too many: all are dropped
}

TEST_CASE("a malformed member of a tracestate is dropped alone, and traceparent stays valid") {
  for (const std::string bad : {"A=1", "_a=1", "@a=1", "a", "=1", "a=", "a =1", "a=1=2", "a=\x7f",
                                "a=\xc3\xa9", "a.b=1", "a b=1"}) {
    CAPTURE(bad);
    CHECK(state_of({"x=1," + bad + ",y=2"}) == "x=1,y=2");
    CHECK(state_of({bad}).empty());
    Headers headers = {{"traceparent", parent("00", "01")}, {"tracestate", bad}};
    CHECK(vx11::read_trace_context(headers).parent);
  }
  CHECK(state_of({"x=1,a=" + std::string(257, 'v')}) == "x=1");
  CHECK(state_of({"x=1," + std::string(257, 'k') + "=1"}) == "x=1");
}

TEST_CASE("a tracestate above 512 characters loses long members first, then the last ones") {
  const std::string big = "big=" + std::string(200, 'v');
  const std::string large = "large=" + std::string(150, 'v');
  std::string rest;
  for (int i = 0; i < 20; ++i) rest += ",k" + std::to_string(10 + i) + "=0123456789";  // 15 each
  CHECK(state_of({big + "," + large + rest}) == big + rest);                           // 204 + 300
  std::string small;
  for (int i = 0; i < 30; ++i) small += ",k" + std::to_string(10 + i) + "=012345678901234567";
  const std::string kept = state_of({small.substr(1)});
  CHECK(kept.size() <= 512);
  CHECK(small.substr(1).starts_with(kept + ","));
}

TEST_CASE("without a traceparent a trace is begun, with a random id") {
  const Traced traced;
  const auto trace = traced.begin({}, "a=1");
  CHECK(trace->own().is_valid());
  CHECK(trace->own().flags == (vx11::kTraceSampled | vx11::kTraceRandom));
  CHECK(trace->state().empty());
  const Traced other({.ratio = 0});
  CHECK_FALSE(other.begin()->is_sampled());
  CHECK_FALSE(traced.begin(parent("ff", "01"))->text().trace_id() == kTraceId);
}

TEST_CASE("the ids of the built-in generator differ") {
  const auto spans = std::make_shared<SpanRecorder>();
  const auto tracer = Tracer::create({.sink = spans}).value();
  std::map<std::string, int> seen;
  for (int i = 0; i < 1000; ++i) {
    ++seen[std::string(tracer->begin(HttpRequest("GET", {}, "/x"), {})->text().text())];
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("a trace of the caller is continued, its sampled flag decides") {
  const Traced traced({.ratio = 0});
  const auto sampled = traced.begin(parent("00", "ff"), "a=1");
  CHECK(sampled->is_sampled());
  CHECK(sampled->text().trace_id() == kTraceId);
  CHECK(sampled->text().span_id() != kSpanId);
  CHECK(sampled->text().text().ends_with("-03"));
  CHECK(sampled->state() == "a=1");
  const Traced all({.ratio = 1});
  CHECK_FALSE(all.begin(parent("00", "00"))->is_sampled());
}

TEST_CASE("callers that are not trusted with it do not decide what is recorded") {
  const Traced none({.ratio = 0, .parent_based = false});
  const auto trace = none.begin(parent("00", "01"));
  CHECK(trace->text().trace_id() == kTraceId);
  CHECK_FALSE(trace->is_sampled());
  const Traced all({.ratio = 1, .parent_based = false});
  CHECK(all.begin(parent("00", "00"))->is_sampled());
}

TEST_CASE("a hundredth of the traces is recorded, decided by the id alone") {
  const auto spans = std::make_shared<SpanRecorder>();
  const auto one = Tracer::create({.sink = spans, .ratio = 0.01, .parent_based = false}).value();
  const auto two = Tracer::create({.sink = spans, .ratio = 0.02, .parent_based = false}).value();
  int count = 0;
  for (int i = 0; i < 20'000; ++i) {
    HttpRequest head("GET", {}, "/x");
    head.headers.add("traceparent", one->begin(head, {})->text().text());
    const bool is_sampled = one->begin(head, {})->is_sampled();
    CHECK(one->begin(head, {})->is_sampled() == is_sampled);
    if (is_sampled) CHECK(two->begin(head, {})->is_sampled());  // the smaller ratio is a part
    count += is_sampled ? 1 : 0;
  }
  CHECK(std::abs(count - 200) < 100);  // 7 standard deviations
}

TEST_CASE("probes are not traced") {
  const Traced traced;
  for (const char* path : {"/health", "/livez", "/readyz", "/metrics", "/metrics?x=1"}) {
    CHECK(traced.tracer->begin(HttpRequest("GET", {}, path), {}) == nullptr);
  }
  CHECK(traced.tracer->begin(HttpRequest("GET", {}, "/healthier"), {}) != nullptr);
}

TEST_CASE("a tracer without a sink or with a ratio above 1 is refused") {
  CHECK_FALSE(Tracer::create({}));
  CHECK_FALSE(Tracer::create({.sink = std::make_shared<SpanRecorder>(), .ratio = 1.1}));
  CHECK_FALSE(Tracer::create({.sink = std::make_shared<SpanRecorder>(), .ratio = std::nan("")}));
}

namespace {

/// switch and madre, asked for a chat that is traced.
struct TracedRouter : router_upstreams::Upstreams {
  explicit TracedRouter(TracerOptions options = {.ratio = 1}) : traced(std::move(options)) {}

  vx11::Result<vx11::ChatReply, vx11::ChatFailure> ask(const std::string& caller = {}) {
    ChatRequest asked = router_upstreams::chat();
    asked.trace = traced.begin(caller, caller.empty() ? "" : "v=1");
    last = asked.trace->own();
    return router_.ask(asked);
  }
  std::vector<Span> spans() const { return traced.spans->take_all(); }

  Traced traced;
  Router router_ = router();
  vx11::TraceParent last = {};
};

}  // namespace

TEST_CASE_FIXTURE(TracedRouter, "each attempt is a span, whose id its upstream gets") {
  primary->then_fail(Errc::timeout);
  fallback->then_json(router_upstreams::kMadreSays);
  REQUIRE(ask(parent("00", "01")));
  const auto spans = this->spans();
  REQUIRE(spans.size() == 2);
  const std::vector<std::shared_ptr<ScriptedTransport>> upstreams = {primary, fallback};
  for (std::size_t i = 0; i < spans.size(); ++i) {
    CHECK(spans[i].parent_id == last.span_id);
    CHECK(spans[i].trace_id == last.trace_id);
    const auto sent = upstreams[i]->requests().at(0).headers;
    const auto context = vx11::read_trace_context(sent);
    REQUIRE(context.parent);
    CHECK(context.parent->span_id == spans[i].span_id);
    CHECK(context.parent->trace_id == last.trace_id);
    CHECK(context.parent->is_sampled());
    CHECK(context.state == "v=1");
  }
  CHECK(spans[0].has_failed);
  CHECK(text(spans[0], "error.type") == "timeout");
  CHECK(text(spans[0], "vx11.target") == "switch");
  CHECK(text(spans[0], "server.address") == "switch");
  CHECK(number(spans[0], "server.port") == 8002);
  CHECK_FALSE(spans[1].has_failed);
  CHECK(text(spans[1], "vx11.outcome") == "answered");
  CHECK(events(spans[1]) == std::vector<std::string_view>{"vx11.fallback"});
  CHECK(spans[1].name == "chat");
}

TEST_CASE_FIXTURE(TracedRouter, "breakers that open and reject are events") {
  for (int i = 0; i < 3; ++i) primary->then_fail(Errc::unreachable);
  for (int i = 0; i < 4; ++i) fallback->then_json(router_upstreams::kMadreSays);
  for (int i = 0; i < 2; ++i) REQUIRE(ask());
  static_cast<void>(spans());
  REQUIRE(ask());
  const auto opening = spans();
  REQUIRE(opening.size() == 2);
  REQUIRE(events(opening[0]) == std::vector<std::string_view>{"vx11.breaker.transition"});
  const auto& change = opening[0].events[0].attributes;
  CHECK(std::get<std::string>(change.at(0).value) == "closed");
  CHECK(std::get<std::string>(change.at(1).value) == "open");
  REQUIRE(ask());
  const auto rejected = spans();
  REQUIRE(rejected.size() == 2);
  CHECK(events(rejected[0]) == std::vector<std::string_view>{"vx11.breaker.rejected"});
  CHECK(text(rejected[0], "error.type") == "circuit_open");
}

TEST_CASE("of a trace that is not sampled an answer leaves no span") {
  TracedRouter site({.ratio = 0});
  site.primary->then_json(router_upstreams::kSwitchSays).then_fail(Errc::unreachable);
  site.fallback->then_json(router_upstreams::kMadreSays);
  REQUIRE(site.ask());
  CHECK(site.spans().empty());
  REQUIRE(site.ask());  // the fallback has answered: no failure
  CHECK(site.spans().empty());
}

namespace {

/// A transport for shadows, which must not block.
class Recording final : public vx11::Transport {
 public:
  using Transport::send;
  bool blocks() const noexcept override { return false; }
  vx11::Task<vx11::Result<HttpResponse>> send(const HttpRequest& request, Deadline) override {
    requests.push_back(request);
    co_return HttpResponse(200, "application/json", router_upstreams::kSwitchSays);
  }

  std::vector<HttpRequest> requests = {};
};

}  // namespace

TEST_CASE("a copy of a chat for a shadow belongs to no trace") {
  router_upstreams::Upstreams site;
  const auto shadow = std::make_shared<Recording>();
  auto options = site.options();
  options.shadow.emplace();
  options.shadow->target = router_upstreams::target("shadow", "http://shadow:1");
  options.shadow->target.dialect = vx11::switch_dialect();
  options.shadow->target.transport = shadow;
  options.shadow->share = 1;
  site.primary->then_json(router_upstreams::kSwitchSays);
  const Traced traced;
  ChatRequest asked = router_upstreams::chat();
  asked.trace = traced.begin();
  const auto router = Router::create(options);
  REQUIRE_MESSAGE(router, router.error().detail);
  REQUIRE(router->ask(asked));
  REQUIRE(shadow->requests.size() == 1);
  CHECK_FALSE(shadow->requests.at(0).headers.contains("traceparent"));
}

TEST_CASE("the model, its tokens and its provider are those of the conventions") {
  router_upstreams::Upstreams site;
  const Traced traced;
  auto options = site.options();
  options.targets[0].dialect = vx11::openai_dialect({.model = "gpt-x"}).value();
  options.targets.pop_back();
  const auto router = Router::create(options).value();
  site.primary->then_json(
      R"({"model":"gpt-x-2","choices":[{"message":{"content":"hi"},"finish_reason":"length"}],)"
      R"("usage":{"prompt_tokens":7,"completion_tokens":3}})");
  ChatRequest asked = router_upstreams::chat();
  asked.trace = traced.begin();
  REQUIRE(router.ask(asked));
  asked.trace.reset();
  const Span span = only(traced.spans->take_all(), vx11::SpanKind::client);
  CHECK(span.name == "chat gpt-x");
  CHECK(text(span, "gen_ai.operation.name") == "chat");
  CHECK(text(span, "gen_ai.provider.name") == "openai");
  CHECK(text(span, "gen_ai.request.model") == "gpt-x");
  CHECK(text(span, "gen_ai.response.model") == "gpt-x-2");
  CHECK(number(span, "gen_ai.usage.input_tokens") == 7);
  CHECK(number(span, "gen_ai.usage.output_tokens") == 3);
  const auto* const reasons = find(span, "gen_ai.response.finish_reasons");
  REQUIRE(reasons != nullptr);
  CHECK(std::get<std::vector<std::string>>(*reasons) == std::vector<std::string>{"length"});
}

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
    CAPTURE(name);
    CHECK(manual.contains({place, name}));
  }
  for (const auto& [place, name] : manual) {
    CAPTURE(name);
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
