// W3C Trace Context by its letter, and which traces are kept.

#include <vx11/tracing.hpp>

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "traced_site.hpp"

using namespace traced_site;
using vx11::Headers;
using vx11::parse_trace_parent;

namespace {

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
