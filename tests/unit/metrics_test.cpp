// GET /metrics: what is counted, and how it is written.

#include <algorithm>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <utility>

#include "operator_site.hpp"

using namespace operator_site;

namespace {

using Series = std::map<std::string, double>;

Series read(const std::string& text) {
  Series series;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    const std::size_t space = line.rfind(' ');
    REQUIRE(space != std::string::npos);
    const bool is_new = series.emplace(line.substr(0, space), std::stod(line.substr(space))).second;
    CHECK_MESSAGE(is_new, line);
  }
  return series;
}

struct Counted : Site {
  Series scrape() { return read(get("/metrics").body); }
  /// An API with the options as they are now.
  vx11::Result<OperatorApi> made_anew() {
    api();
    return OperatorApi::create(options);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Counted, "the format is Prometheus text 0.0.4") {
  const HttpResponse answer = get("/metrics");
  CHECK(answer.status == 200);
  CHECK(answer.headers.get("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(answer.body.back() == '\n');
  std::map<std::string, int> described;
  std::istringstream lines(answer.body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) ++described[line.substr(7, line.find(' ', 7) - 7)];
    if (line.starts_with("#")) continue;
    std::string name = line.substr(0, line.find_first_of("{ "));
    for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
      const std::string stem = name.substr(0, name.size() - std::min(name.size(), suffix.size()));
      if (name.ends_with(suffix) && described.count(stem) > 0) name = stem;
    }
    CHECK_MESSAGE(described[name] == 1, line);
  }
}

TEST_CASE_FIXTURE(Counted, "requests are counted by endpoint and status class") {
  to_switch->then_json(R"({"response":"x"})");
  chat(R"({"message":"m"})");
  post("/operator/chat", R"({"message":"m"})");
  chat("{");
  send(HttpRequest("GET", {}, "/operator/status"));
  get("/nowhere");
  get("/operator/power/state");
  const Series series = scrape();
  CHECK(series.at(R"(vx11_requests_total{endpoint="chat",status="2xx"})") == 2);
  CHECK(series.at(R"(vx11_requests_total{endpoint="chat",status="4xx"})") == 1);
  CHECK(series.at(R"(vx11_requests_total{endpoint="status",status="4xx"})") == 1);
  CHECK(series.at(R"(vx11_requests_total{endpoint="none",status="4xx"})") == 1);
  CHECK(series.at(R"(vx11_requests_total{endpoint="power_state",status="5xx"})") == 1);
}

TEST_CASE_FIXTURE(Counted, "what is refused by its head is counted, once") {
  refusal_of(HttpRequest("GET", {}, "/nowhere"));
  refusal_of(authorised("GET", "/operator/status"));
  const Series series = scrape();
  CHECK(series.at(R"(vx11_requests_total{endpoint="none",status="4xx"})") == 1);
  CHECK(series.at(R"(vx11_requests_total{endpoint="status",status="2xx"})") == 0);
}

TEST_CASE_FIXTURE(Counted, "durations fall into buckets that add up") {
  to_switch->then(HttpResponse(200, "application/json", R"({"response":"x"})"), 3ms)
      .then(HttpResponse(200, "application/json", R"({"response":"x"})"), 2500ms)
      .then(HttpResponse(200, "application/json", R"({"response":"x"})"), 14s);
  for (int i = 0; i < 3; ++i) chat(R"({"message":"m"})");
  const Series series = scrape();
  const auto bucket = [&](const std::string& bound) {
    return series.at(R"(vx11_request_duration_seconds_bucket{endpoint="chat",le=")" + bound +
                     "\"}");
  };
  CHECK(bucket("0.0025") == 0);
  CHECK(bucket("0.005") == 1);
  CHECK(bucket("2.0") == 1);
  CHECK(bucket("3.0") == 2);
  CHECK(bucket("11.0") == 2);
  CHECK(bucket("15.0") == 3);
  CHECK(bucket("+Inf") == 3);
  CHECK(series.at(R"(vx11_request_duration_seconds_count{endpoint="chat"})") == 3);
  CHECK(series.at(R"(vx11_request_duration_seconds_sum{endpoint="chat"})") ==
        doctest::Approx(16.503));
}

TEST_CASE_FIXTURE(Counted, "attempts are counted by target and outcome, those of a refusal too") {
  to_switch->then_fail(Errc::timeout);
  to_madre->then_json(R"({"response":"x"})").then_fail(Errc::unreachable);
  chat(R"({"message":"m"})");
  chat(R"({"message":"m"})");
  const Series series = scrape();
  CHECK(series.at(R"(vx11_chat_attempts_total{target="switch",outcome="timeout"})") == 2);
  CHECK(series.at(R"(vx11_chat_attempts_total{target="madre",outcome="answered"})") == 1);
  CHECK(series.at(R"(vx11_chat_attempts_total{target="madre",outcome="unreachable"})") == 1);
}

TEST_CASE_FIXTURE(Counted, "the state of every breaker is a gauge") {
  trip(*switch_breaker);
  clock.advance(7s);
  const Series series = scrape();
  CHECK(series.at(R"(vx11_circuit_state{breaker="switch",state="open"})") == 1);
  CHECK(series.at(R"(vx11_circuit_state{breaker="switch",state="closed"})") == 0);
  CHECK(series.at(R"(vx11_circuit_state{breaker="madre",state="closed"})") == 1);
  CHECK(series.at(R"(vx11_circuit_failures{breaker="switch"})") == 3);
  CHECK(series.at(R"(vx11_circuit_seconds_since_failure{breaker="switch"})") == 7);
  CHECK(series.count(R"(vx11_circuit_seconds_since_failure{breaker="madre"})") == 0);
}

TEST_CASE_FIXTURE(Counted, "what breakers count is shown, and goes on with another breaker") {
  const auto count = [this](const char* name) {
    return scrape().at("vx11_circuit_" + std::string(name) + R"(_total{breaker="switch"})");
  };
  for (const char* name :
       {"transitions", "failed_calls", "neutral_calls", "slow_calls", "rejections", "probes"}) {
    CHECK(count(name) == 0);
  }
  trip(*switch_breaker);
  CHECK_FALSE(switch_breaker->try_acquire());
  CHECK(count("failed_calls") == 3);
  CHECK(count("transitions") == 1);
  CHECK(count("rejections") == 1);
  clock.advance(60s);
  switch_breaker->try_acquire()->success();
  CHECK(count("probes") == 1);
  CHECK(count("transitions") == 3);

  const OperatorApi before = api();
  options.breakers = {{.name = "switch", .breaker = std::make_shared<vx11::CircuitBreaker>()}};
  const auto after = before.successor(options);
  REQUIRE(after);
  const HttpRequest request = authorised("GET", "/metrics");
  const Series series = read(vx11::sync_wait(after->handle(request)).body);
  CHECK(series.at(R"(vx11_circuit_failed_calls_total{breaker="switch"})") == 3);
  CHECK(series.at(R"(vx11_circuit_transitions_total{breaker="switch"})") == 3);
}

TEST_CASE_FIXTURE(Counted, "OpenMetrics is answered to those who accept it") {
  HttpRequest request = authorised("GET", "/metrics");
  request.headers.add("Accept", "application/openmetrics-text");
  const HttpResponse answer = send(request);
  CHECK(answer.headers.get("Content-Type") ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
  CHECK(answer.headers.get("Vary") == "Accept");
  CHECK(answer.body.ends_with("\n# EOF\n"));
  CHECK(answer.body.find("# TYPE vx11_build info\n") != std::string::npos);
}

TEST_CASE_FIXTURE(Counted, "requests by route take the place of times by endpoint") {
  options.request_metrics = vx11::RequestMetrics::create(OperatorApi::routes());
  to_switch->then_json(R"({"response":"x"})");
  HttpRequest request = authorised("POST", "/operator/chat/ask");
  request.headers.add("Content-Type", "application/json");
  request.headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  request.body = R"({"message":"m"})";
  CHECK(send(request).status == 200);
  get("/operator/session/none");
  const Series series = scrape();
  CHECK(series.at(
            R"(vx11_http_requests_total{route="/operator/chat/ask",method="POST",code="200"})") ==
        1);
  CHECK(series.at(
            R"(vx11_http_requests_total{route="/operator/session/{}",method="GET",code="404"})") ==
        1);
  CHECK(series.at(R"(vx11_http_request_duration_seconds_count{route="/operator/chat/ask"})") == 1);
  CHECK_FALSE(series.contains(R"(vx11_request_duration_seconds_count{endpoint="chat"})"));
}

TEST_CASE_FIXTURE(Counted, "requests and chats are left out, and a successor counts on") {
  options.request_metrics = vx11::RequestMetrics::create(OperatorApi::routes());
  const HttpRequest scraping = authorised("GET", "/metrics");
  const auto shown = [&](const OperatorApi& by) {
    return read(vx11::sync_wait(by.handle(scraping)).body);
  };
  const auto ask = [&](const OperatorApi& by) {
    to_switch->then_json(R"({"response":"x"})");
    HttpRequest request = authorised("POST", "/operator/chat/ask");
    request.headers.add("Content-Type", "application/json");
    request.body = R"({"message":"m"})";
    CHECK(vx11::sync_wait(by.handle(request)).status == 200);
  };
  constexpr auto kChats =
      R"(vx11_http_requests_total{route="/operator/chat/ask",method="POST",code="200"})";
  constexpr auto kAttempts = R"(vx11_chat_attempts_total{target="switch",outcome="answered"})";
  const OperatorApi counting = made_anew().value();
  ask(counting);
  options.request_counting = vx11::RequestCounting::off;
  const OperatorApi silent = counting.successor(options).value();
  ask(silent);
  for (const auto& [name, value] : shown(silent)) {
    CHECK_FALSE(name.starts_with("vx11_http_"));
    CHECK_FALSE(name.starts_with("vx11_chat_"));
    CHECK_FALSE(name.starts_with("vx11_request"));
    CHECK_FALSE(name.starts_with("gen_ai_"));
  }
  CHECK(shown(silent).at(R"(vx11_circuit_state{breaker="switch",state="open"})") == 0);
  CHECK(shown(silent).at("vx11_session_store_failures_total") == 0);
  options.request_counting = vx11::RequestCounting::on;
  const OperatorApi again = silent.successor(options).value();
  ask(again);
  CHECK(shown(again).at(kChats) == 2);
  CHECK(shown(again).at(kAttempts) == 2);
}

TEST_CASE_FIXTURE(Counted, "sessions that were lost are counted") {
  to_switch->then_json(R"({"response":"x"})");
  store->fail_writes = true;
  chat(R"({"message":"m"})");
  store->fail_reads = true;
  get("/operator/session/s");
  CHECK(scrape().at("vx11_session_store_failures_total") == 2);
}

TEST_CASE_FIXTURE(Counted, "no client can make a series: whatever is sent, they stay the same") {
  const auto names = [this] {
    std::string all;
    for (const auto& [name, value] : scrape()) all += name + "\n";
    return all;
  };
  const std::string before = names();
  to_switch->then_json(R"({"response":"x"})");
  for (int i = 0; i < 50; ++i) {
    const std::string odd = "odd\"\n" + std::to_string(i);
    get("/" + odd);
    get("/operator/session/" + odd);
    send(authorised(odd, "/operator/status"));
    chat(json{{"message", odd}, {"session_id", std::to_string(i)}, {"user_id", "u"}}.dump());
    post("/operator/power/service/" + odd + "/start");
  }
  CHECK(names() == before);
}

TEST_CASE_FIXTURE(Counted, "names of breakers are escaped as the format wants it") {
  options.breakers = {{.name = "a\"b\\c\nd", .breaker = switch_breaker}};
  CHECK(get("/metrics").body.find(R"(vx11_circuit_failures{breaker="a\"b\\c\nd"} 0)") !=
        std::string::npos);
}

TEST_CASE_FIXTURE(Counted, "a program's own metrics are shown besides, their labels escaped") {
  std::uint64_t resent = 3;
  options.metric_families = {
      {.name = "transport_resent_total",
       .help = R"(Requests sent again, \ escaped.)",
       .series = {{.labels = {{"upstream", "a\"b"}, {"kind", "x"}},
                   .value = [&] { return resent; }},
                  {.labels = {{"upstream", "c"}, {"kind", "x"}}, .value = [] { return 5U; }}}},
      {.name = "queue", .kind = vx11::MetricKind::gauge, .series = {{.value = [] { return 7U; }}}}};
  const std::string text = get("/metrics").body;
  CHECK(text.find("# HELP transport_resent_total Requests sent again, \\\\ escaped.\n"
                  "# TYPE transport_resent_total counter\n"
                  "transport_resent_total{upstream=\"a\\\"b\",kind=\"x\"} 3\n"
                  "transport_resent_total{upstream=\"c\",kind=\"x\"} 5\n") != std::string::npos);
  CHECK(text.find("# TYPE queue gauge\nqueue 7\n") != std::string::npos);
  resent = 4;
  CHECK(scrape().at("transport_resent_total{upstream=\"a\\\"b\",kind=\"x\"}") == 4);
}

TEST_CASE_FIXTURE(Counted, "what is wrong with a program's metrics is named") {
  const auto mistake = [this](vx11::MetricFamily family) {
    options.metric_families = {std::move(family)};
    auto api = made_anew();
    return api ? std::string() : api.error().detail;
  };
  const auto value = [] { return 1U; };
  CHECK(mistake({.name = "good_total", .series = {{.value = value}}}).empty());
  CHECK(mistake({.name = "1", .series = {{.value = value}}}) ==
        R"(metric "1": the name must be of letters, digits, _ and :; )"
        R"(metric "1": the name of a counter must end in _total)");
  CHECK(mistake({.name = "vx11_requests_total", .series = {{.value = value}}}) ==
        R"(metric "vx11_requests_total": the name is used twice)");
  for (const char* suffix : {"_bucket", "_sum", "_count"}) {
    const std::string name = "vx11_request_duration_seconds" + std::string(suffix);
    CHECK(mistake({.name = name, .kind = vx11::MetricKind::gauge, .series = {{.value = value}}}) ==
          "metric \"" + name + "\": the name is used twice");
  }
  CHECK(mistake({.name = "my_count", .kind = vx11::MetricKind::gauge}).empty());
  CHECK(mistake(
            {.name = "a", .help = "two\nlines", .kind = vx11::MetricKind::gauge, .series = {{}}}) ==
        R"(metric "a": the help must be one line; metric "a": a series has no function)");
  CHECK(mistake({.name = "a",
                 .kind = vx11::MetricKind::gauge,
                 .series = {{.labels = {{"b", "1"}, {"c", "x"}, {"b", "2"}}, .value = value}}}) ==
        R"(metric "a": a series has two labels of the same name)");
  CHECK(mistake({.name = "a",
                 .kind = vx11::MetricKind::gauge,
                 .series = {{.labels = {{"b", "1"}, {"c", "x"}}, .value = value},
                            {.labels = {{"c", "x"}, {"b", "1"}}, .value = value}}}) ==
        R"(metric "a": two series have the same labels)");
  CHECK(mistake({.name = "a",
                 .kind = vx11::MetricKind::gauge,
                 .series = {{.labels = {{"b-c", ""}}, .value = value},
                            {.labels = {{"b-c", ""}}, .value = value}}}) ==
        R"(metric "a": a label's name must be of letters, digits and _; )"
        R"(metric "a": a label's name must be of letters, digits and _; )"
        R"(metric "a": two series have the same labels)");
}
