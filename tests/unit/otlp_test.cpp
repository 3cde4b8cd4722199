// Spans on their way to a collector: what is sent, retried, dropped and counted.

#include <vx11/otlp.hpp>
#include <vx11/testing/manual_timer.hpp>
#include <vx11/testing/scripted_transport.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <new>
#include <stop_token>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "eventually.hpp"
#include "held_transport.hpp"

using namespace std::chrono_literals;
using nlohmann::json;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::OtlpExporter;
using vx11::OtlpOptions;
using vx11::Span;

namespace {

constexpr vx11::Duration kLong = 20s;  // ends a failed test only

Span span_named(const std::string& name) {
  Span span;
  span.trace_id = {.high = 0x0102030405060708U, .low = 0x090a0b0c0d0e0f10U};
  span.span_id = 0xf1;
  span.name = name;
  return span;
}

std::vector<Span> spans(std::size_t count) {
  std::vector<Span> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back(span_named(std::to_string(i)));
  return made;
}

/// An exporter whose waits pass at once and whose collector answers by a script.
struct Site {
  vx11::testing::ManualClock clock = {};
  std::shared_ptr<vx11::testing::InstantTimer> timer =
      std::make_shared<vx11::testing::InstantTimer>(clock);
  std::shared_ptr<vx11::testing::ScriptedTransport> collector =
      std::make_shared<vx11::testing::ScriptedTransport>(clock);
  OtlpOptions options = {.transport = collector,
                         .headers = {{"x-key", "k"}},
                         .service_name = "gateway-a",
                         .backoff = {.base = 1s, .cap = 30s, .jitter = vx11::Jitter::none},
                         .clock = clock,
                         .timer = timer};
  std::shared_ptr<OtlpExporter> exporter = {};

  void send(std::size_t count = 1) {
    if (exporter == nullptr) exporter = OtlpExporter::create(options).value();
    exporter->take(spans(count));
    CHECK(exporter->flush(kLong));
  }
  Site& then(int status, const std::string& body = "{}", const std::string& retry_after = {}) {
    HttpResponse answer(status, "application/json", body);
    if (!retry_after.empty()) answer.headers.add("Retry-After", retry_after);
    collector->then(answer);
    return *this;
  }
  const vx11::OtlpCounters& counters() const { return exporter->counters(); }
  json sent(std::size_t number = 0) const {
    return json::parse(collector->requests().at(number).body);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Site, "spans are sent as the protocol's JSON has them") {
  then(200);
  exporter = OtlpExporter::create(options).value();
  Span span = span_named("POST /x");
  span.parent_id = 0xabcdef;
  span.is_parent_remote = true;
  span.flags = 3;
  span.trace_state = "a=1";
  span.kind = vx11::SpanKind::server;
  span.start = vx11::SpanTime(1'700'000'000'123'456'789ns);
  span.end = vx11::SpanTime(1'700'000'001'000'000'000ns);
  span.has_failed = true;
  span.add("text", std::string("\"q\""));
  span.add("count", std::int64_t{-5});
  span.add("share", 0.25);
  span.add("not_a_number", std::nan(""));
  span.add("yes", true);
  span.add("list", std::vector<std::string>{"a", "b"});
  span.events.push_back({.name = "happened", .time = span.start, .attributes = {}});
  exporter->take({span});
  REQUIRE(exporter->flush(kLong));
  const auto request = collector->requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.origin == "http://127.0.0.1:4318");
  CHECK(request.target == "/v1/traces");
  CHECK(request.headers.get("Content-Type") == "application/json");
  CHECK(request.headers.get("x-key") == "k");
  CHECK_FALSE(request.headers.contains("Content-Encoding"));
  const json resource = sent().at("resourceSpans").at(0);
  CHECK(resource.at("resource").at("attributes").at(0) ==
        json({{"key", "service.name"}, {"value", {{"stringValue", "gateway-a"}}}}));
  const auto attribute = [](const char* key, const char* kind, const json& value) {
    return json({{"key", key}, {"value", {{kind, value}}}});
  };
  CHECK(
      resource.at("scopeSpans").at(0).at("spans").at(0) ==
      json({{"traceId", "0102030405060708090a0b0c0d0e0f10"},
            {"spanId", "00000000000000f1"},
            {"parentSpanId", "0000000000abcdef"},
            {"traceState", "a=1"},
            {"flags", 0x303},
            {"name", "POST /x"},
            {"kind", 2},
            {"startTimeUnixNano", "1700000000123456789"},
            {"endTimeUnixNano", "1700000001000000000"},
            {"attributes",
             {attribute("text", "stringValue", "\"q\""), attribute("count", "intValue", "-5"),
              attribute("share", "doubleValue", 0.25),
              attribute("not_a_number", "doubleValue", "NaN"), attribute("yes", "boolValue", true),
              attribute("list", "arrayValue",
                        {{"values", {{{"stringValue", "a"}}, {{"stringValue", "b"}}}}})}},
            {"events",
             {{{"timeUnixNano", "1700000000123456789"},
               {"name", "happened"},
               {"attributes", json::array()}}}},
            {"status", {{"code", 2}}}}));
  CHECK(counters().exported == 1);
}

TEST_CASE_FIXTURE(Site, "a root span has no parent and one that has not failed no status") {
  then(200).send();
  const json span = sent().at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").at(0);
  CHECK_FALSE(span.contains("parentSpanId"));
  CHECK_FALSE(span.contains("status"));
  CHECK(span.at("flags") == 0x100);
}

TEST_CASE_FIXTURE(Site, "a body is compressed, if it can be") {
  bool works = true;
  options.gzip = [&](std::string_view body) -> std::optional<std::string> {
    if (!works) return std::nullopt;
    return "zipped " + std::string(body);
  };
  then(200).send();
  CHECK(collector->requests().at(0).headers.get("Content-Encoding") == "gzip");
  CHECK(collector->requests().at(0).body.starts_with("zipped {"));
  works = false;
  send();
  CHECK_FALSE(collector->requests().at(1).headers.contains("Content-Encoding"));
  CHECK(collector->requests().at(1).body.starts_with("{"));
}

TEST_CASE("what the protocol says to retry is retried after growing waits, with the same body") {
  for (const int status : {429, 502, 503, 504}) {
    CAPTURE(status);
    Site site;
    site.options.delay = 5s;
    site.then(status).then(status).then(200).send(2);
    CHECK(site.collector->calls() == 3);
    CHECK(site.sent(0) == site.sent(2));
    CHECK(site.counters().exported == 2);
    CHECK(site.counters().requests == 3);
    CHECK(site.counters().retries == 2);
    const auto sleeps = site.timer->sleeps();
    REQUIRE(sleeps.size() >= 2);
    CHECK(sleeps[sleeps.size() - 2] == 1s);
    CHECK(sleeps[sleeps.size() - 1] == 2s);
  }
}

TEST_CASE("a connection that fails and an answer that does not come are retried") {
  for (const Errc code : {Errc::unreachable, Errc::timeout, Errc::invalid_reply}) {
    Site site;
    site.collector->then_fail(code);
    site.then(200).send();
    CHECK(site.counters().exported == 1);
    CHECK(site.counters().retries == 1);
  }
}

TEST_CASE_FIXTURE(Site, "Retry-After decides about the wait") {
  then(503, "{}", "7").then(200).send();
  CHECK(timer->sleeps().back() == 7s);
  CHECK(counters().exported == 1);
}

TEST_CASE_FIXTURE(Site, "a Retry-After beyond the time for retries drops the batch, not the wait") {
  then(429, "{}", "3600").then(200).send();
  CHECK(counters().undelivered == 1);
  CHECK(collector->calls() == 1);
  const auto begun = clock.now();
  send();
  CHECK(counters().exported == 1);
  CHECK(clock.now() - begun >= 3600s);
  send();  // once it is over, it is over
  CHECK(clock.now() - begun < 2 * 3600s);
}

TEST_CASE("while a collector wants no request the queue fills, and its end counts what is lost") {
  const auto collector = std::make_shared<vx11::testing::ScriptedTransport>();
  HttpResponse busy(429, "application/json", "{}");
  busy.headers.add("Retry-After", "3600");
  collector->then(busy);
  const auto counters = std::make_shared<vx11::OtlpCounters>();
  auto exporter =
      OtlpExporter::create(
          {.transport = collector, .max_queue = 8, .max_batch = 4, .counters = counters})
          .value();
  exporter->take(spans(4));
  REQUIRE(eventually([&] { return counters->undelivered == 4; }));
  for (int i = 0; i < 3; ++i) exporter->take(spans(4));
  CHECK_FALSE(exporter->flush(20ms));
  CHECK(exporter->waiting() == 8);
  CHECK(counters->queue_full == 4);
  CHECK(collector->calls() == 1);
  exporter.reset();
  CHECK(counters->undelivered == 12);
}

namespace {

/// Has no memory for the first sleeps.
class FailingTimer final : public vx11::Timer {
 public:
  vx11::Task<bool> sleep(vx11::Duration, std::stop_token) override {
    if (++sleeps < 3) throw std::bad_alloc();
    return vx11::Task<bool>(true);
  }
  std::atomic<int> sleeps = 0;
};

}  // namespace

TEST_CASE_FIXTURE(Site, "a lack of memory while it waits costs the exporter nothing but time") {
  const auto failing = std::make_shared<FailingTimer>();
  options.timer = failing;
  then(200);
  exporter = OtlpExporter::create(options).value();
  exporter->take(spans(2));
  REQUIRE(eventually([&] { return counters().exported == 2; }));
  CHECK(failing->sleeps == 3);
}

TEST_CASE("any other status drops the batch and is not retried") {
  for (const int status : {400, 401, 404, 413, 500, 501, 505, 301}) {
    CAPTURE(status);
    Site site;
    site.then(status).then(200).send(3);
    CHECK(site.collector->calls() == 1);
    CHECK(site.counters().refused == 3);
    CHECK(site.counters().exported == 0);
  }
}

TEST_CASE("spans that a partial success rejects are counted, and nothing is sent again") {
  for (const char* count : {"2", "\"2\""}) {
    Site site;
    site.then(200, R"({"partialSuccess":{"rejectedSpans":)" + std::string(count) +
                       R"(,"errorMessage":"no"}})")
        .send(5);
    CHECK(site.collector->calls() == 1);
    CHECK(site.counters().rejected == 2);
    CHECK(site.counters().exported == 3);
  }
  for (const char* body : {"", "{}", R"({"partialSuccess":{}})", R"({"partialSuccess":7})",
                           R"({"partialSuccess":{"rejectedSpans":"-1"}})"}) {
    Site site;
    site.then(200, body).send(5);
    CHECK(site.counters().exported == 5);
  }
  Site liar;
  liar.then(200, R"({"partialSuccess":{"rejectedSpans":"99"}})").send(5);
  CHECK(liar.counters().rejected == 5);
}

TEST_CASE("a page in place of an answer, such as one to sign in, exports nothing") {
  for (const char* body : {"<html>Sign in</html>", "nonsense", "[]", "\"ok\"", "{"}) {
    CAPTURE(body);
    Site site;
    site.then(200, body).send(5);
    CHECK(site.collector->calls() == 1);
    CHECK(site.counters().exported == 0);
    CHECK(site.counters().refused == 5);
  }
}

TEST_CASE_FIXTURE(Site, "a collector that is gone costs its spans, after the time for retries") {
  options.max_retry_time = 10s;
  collector->then_fail(Errc::unreachable);
  send(4);
  CHECK(counters().undelivered == 4);
  CHECK(counters().retries == 3);  // after 1, 2 and 4 s; the next one would be too late
}

TEST_CASE_FIXTURE(Site, "many spans leave in batches") {
  options.max_batch = 10;
  then(200).send(25);
  CHECK(collector->calls() == 3);
  CHECK(counters().exported == 25);
}

TEST_CASE_FIXTURE(Site, "spans of one request stay together, and no batch is larger than allowed") {
  options.max_batch = 10;
  options.delay = 0s;
  then(200);
  exporter = OtlpExporter::create(options).value();
  for (int i = 0; i < 20; ++i) exporter->take(spans(4));
  REQUIRE(exporter->flush(kLong));
  CHECK(counters().exported == 80);
  for (const HttpRequest& request : collector->requests()) {
    const json body = json::parse(request.body);
    const auto count = body["resourceSpans"][0]["scopeSpans"][0]["spans"].size();
    CHECK(count <= 10);
    CHECK(count % 4 == 0);
  }
}

TEST_CASE("a collector that hangs costs requests nothing: the queue fills, and spans are dropped") {
  const auto hanging = std::make_shared<vx11::fakes::HeldTransport>();
  auto exporter =
      OtlpExporter::create({.transport = hanging, .max_queue = 8, .max_batch = 4}).value();
  exporter->take(spans(4));  // a full batch is sent without a wait
  REQUIRE(eventually([&] { return hanging->calls() == 1; }));
  exporter->take(spans(5));
  exporter->take(spans(5));  // 3 find room
  exporter->take(spans(5));
  CHECK(exporter->waiting() == 8);
  CHECK(exporter->counters().queue_full == 7);
  CHECK_FALSE(exporter->flush(1ms));
  hanging->answer(0, "{}");
  REQUIRE(eventually([&] { return hanging->calls() == 2; }));
  CHECK(exporter->counters().exported == 4);
  exporter.reset();  // its end cancels the call
  CHECK(hanging->cancelled(1));
}

TEST_CASE("an exporter that is not used ends at once, and so does one that waits for a batch") {
  const auto collector = std::make_shared<vx11::testing::ScriptedTransport>();
  static_cast<void>(OtlpExporter::create({.transport = collector}).value());
  const auto waiting = OtlpExporter::create({.transport = collector, .delay = 1h}).value();
  waiting->take(spans(1));
  CHECK(collector->calls() == 0);
}

TEST_CASE("mistakes are refused by name") {
  const auto refused = OtlpExporter::create({.url = "collector", .path = "x", .max_batch = 0});
  REQUIRE_FALSE(refused);
  for (const char* part : {"transport", "url", "path", "max_batch"}) {
    CHECK(refused.error().detail.find(part) != std::string::npos);
  }
}
