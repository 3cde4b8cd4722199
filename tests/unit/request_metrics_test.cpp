// Histograms, requests by route and chats by target, and the two formats in which they are shown.

#include <vx11/chat_metrics.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/metric_histogram.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "http/media_type.hpp"
#include "metrics/exposition.hpp"

using namespace std::chrono_literals;
using vx11::Attempt;
using vx11::ChatMetrics;
using vx11::EndedChat;
using vx11::MetricFamily;
using vx11::MetricHistogram;
using vx11::MetricKind;
using vx11::Outcome;
using vx11::RequestMetrics;
using vx11::metrics::Exposition;
using vx11::metrics::Page;

namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

using Series = std::map<std::string, double>;

Series read(std::vector<MetricFamily> families) {
  Series series;
  std::istringstream lines(Page(std::move(families)).text(Exposition::prometheus));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    const std::size_t space = line.rfind(' ');
    CHECK_MESSAGE(series.emplace(line.substr(0, space), std::stod(line.substr(space))).second,
                  line);
  }
  return series;
}

/// As `histogram_quantile` of Prometheus: linear within the bucket.
double quantile(const vx11::HistogramReading& reading, double share) {
  double count = 0;
  for (const auto& bucket : reading.buckets) count += static_cast<double>(bucket.count);
  double before = 0;
  double lower = 0;
  for (const auto& bucket : reading.buckets) {
    const auto in_bucket = static_cast<double>(bucket.count);
    if (before + in_bucket >= share * count && in_bucket > 0) {
      return lower + (bucket.most - lower) * (share * count - before) / in_bucket;
    }
    before += in_bucket;
    lower = bucket.most;
  }
  return lower;
}

std::shared_ptr<RequestMetrics> some_routes() {
  return RequestMetrics::create(
      {{"POST", "/chat"}, {"GET", "/session/{}"}, {"DELETE", "/session/{}"}});
}

Attempt attempt(const char* target, Outcome outcome, vx11::Duration took) {
  return {target, outcome, took};
}

std::shared_ptr<ChatMetrics> some_targets() {
  return ChatMetrics::create({{.name = "a", .provider = "openai", .model = "small"},
                              {.name = "b", .provider = "openai", .model = "small"},
                              {.name = "switch"}});
}

bool prefers_openmetrics(const char* accept) {
  vx11::Headers headers;
  headers.add("Accept", accept);
  return vx11::endpoints::prefers_openmetrics(headers);
}

}  // namespace

TEST_CASE("a value belongs to the bucket whose bound it is") {
  static constexpr std::array<std::uint64_t, 2> kBounds = {10, 20};
  MetricHistogram sizes(kBounds);
  for (const std::uint64_t value : {0U, 10U, 11U, 20U, 21U}) sizes.count(value);
  const auto reading = sizes.read();
  REQUIRE(reading.buckets.size() == 3);
  CHECK(reading.buckets[0].count == 2);
  CHECK(reading.buckets[1].count == 2);
  CHECK(reading.buckets[2].count == 1);
  CHECK(std::isinf(reading.buckets[2].most));
  CHECK(reading.sum == 62);
}

TEST_CASE("negative times count as zero") {
  MetricHistogram times(vx11::request_time_bounds(), vx11::kTimeSteps);
  times.count_time(-5s);
  CHECK(times.read().buckets[0].count == 1);
  CHECK(times.read().sum == 0);
}

TEST_CASE("p95 and p99 of chats are read within a tenth") {
  // Medians from a fast local model to a slow remote one, with long tails.
  for (const double median : {0.15, 0.4, 1.2, 3.0, 7.0, 10.0}) {
    for (const double spread : {0.3, 0.45, 0.6, 0.8}) {
      CAPTURE(median);
      CAPTURE(spread);
      MetricHistogram times(vx11::request_time_bounds(), vx11::kTimeSteps);
      std::vector<double> all;
      std::mt19937 random(7);
      std::lognormal_distribution<double> seconds(std::log(median), spread);
      for (int i = 0; i < 20'000; ++i) {
        all.push_back(seconds(random));
        times.count_time(
            std::chrono::duration_cast<vx11::Duration>(std::chrono::duration<double>(all.back())));
      }
      std::sort(all.begin(), all.end());
      for (const double share : {0.95, 0.99}) {
        const double exact = all[static_cast<std::size_t>(share * 20'000)];
        CHECK(quantile(times.read(), share) == doctest::Approx(exact).epsilon(0.1));
      }
    }
  }
}

TEST_CASE("the newest traced value of a bucket is its exemplar, shown in OpenMetrics alone") {
  static constexpr std::array<std::uint64_t, 1> kBounds = {1'000'000'000};
  auto times =
      std::make_shared<MetricHistogram>(kBounds, vx11::kTimeSteps, vx11::Exemplars::newest);
  const vx11::WallTime at(std::chrono::milliseconds(1'700'000'000'250));
  times->count_time(200ms, std::string(32, 'a'), at);
  times->count_time(250ms, kTrace, at);
  times->count_time(2s, "not a trace", at);
  times->count_time(2s, std::string(32, '"'), at);
  const Page page({{.name = "t_seconds",
                    .help = "Times.",
                    .kind = MetricKind::histogram,
                    .series = {{.histogram = [times] { return times->read(); }}},
                    .unit = "seconds"}});
  CHECK(page.text(Exposition::prometheus) ==
        "# HELP t_seconds Times.\n# TYPE t_seconds histogram\n"
        "t_seconds_bucket{le=\"1.0\"} 2\nt_seconds_bucket{le=\"+Inf\"} 4\n"
        "t_seconds_sum 4.45\nt_seconds_count 4\n");
  CHECK(page.text(Exposition::openmetrics) ==
        "# HELP t_seconds Times.\n# TYPE t_seconds histogram\n# UNIT t_seconds seconds\n"
        "t_seconds_bucket{le=\"1.0\"} 2 # {trace_id=\"" +
            kTrace +
            "\"} 0.25 1700000000.250\n"
            "t_seconds_bucket{le=\"+Inf\"} 4\nt_seconds_sum 4.45\nt_seconds_count 4\n# EOF\n");
}

TEST_CASE("OpenMetrics names counters and infos without their suffix") {
  const Page page({{.name = "n_total",
                    .help = "N \"quoted\".",
                    .series = {{.value = [] { return std::uint64_t{3}; }}}},
                   {.name = "b_info",
                    .help = "B.",
                    .kind = MetricKind::info,
                    .series = {{.labels = {{"version", "1"}}}}},
                   {.name = "g",
                    .help = "G.",
                    .kind = MetricKind::gauge,
                    .series = {{.real = [] { return 0.5; }},
                               {.labels = {{"x", "none"}}, .real = [] { return std::nan(""); }}}}});
  CHECK(page.text(Exposition::openmetrics) ==
        "# HELP n N \\\"quoted\\\".\n# TYPE n counter\nn_total 3\n"
        "# HELP b B.\n# TYPE b info\nb_info{version=\"1\"} 1\n"
        "# HELP g G.\n# TYPE g gauge\ng 0.5\n# EOF\n");
  CHECK(page.text(Exposition::prometheus) ==
        "# HELP n_total N \"quoted\".\n# TYPE n_total counter\nn_total 3\n"
        "# HELP b_info B.\n# TYPE b_info gauge\nb_info{version=\"1\"} 1\n"
        "# HELP g G.\n# TYPE g gauge\ng 0.5\n");
}

TEST_CASE("a page in slices is the same page") {
  const Page page(RequestMetrics::families(some_routes()));
  for (const std::size_t most : {1U, 100U, 4'096U}) {
    std::string text;
    Page::Position from;
    std::size_t slices = 1;
    std::size_t longest = 0;
    for (std::size_t before = 0; page.write(text, Exposition::openmetrics, from, most); ++slices) {
      longest = std::max(longest, text.size() - std::exchange(before, text.size()));
    }
    CHECK(text == page.text(Exposition::openmetrics));
    CHECK(slices > 1);
    CHECK(longest < most + 8'192);  // at most one series more
  }
}

TEST_CASE("the format is chosen by weight; wildcards choose the old one") {
  CHECK(prefers_openmetrics("application/openmetrics-text"));
  CHECK(prefers_openmetrics("application/openmetrics-text; version=1.0.0; charset=utf-8"));
  CHECK(prefers_openmetrics("text/plain;q=0.5, application/openmetrics-text;version=\"1.0.0\""));
  CHECK(
      prefers_openmetrics("application/openmetrics-text;version=1.0.0,"
                          "application/openmetrics-text;version=0.0.1;q=0.75,"
                          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
  CHECK(prefers_openmetrics("APPLICATION/OpenMetrics-Text;q=0.5,text/plain;q=0.5"));
  CHECK_FALSE(prefers_openmetrics("*/*"));
  CHECK_FALSE(prefers_openmetrics("application/*"));
  CHECK_FALSE(prefers_openmetrics("application/openmetrics-text;q=0"));
  CHECK_FALSE(prefers_openmetrics("application/openmetrics-text;q=0.4, text/plain"));
  CHECK_FALSE(prefers_openmetrics("application/openmetrics-text;q=0.4, */*"));
  CHECK_FALSE(prefers_openmetrics("application/openmetrics-text;version=0.0.1"));
  CHECK_FALSE(prefers_openmetrics("application/openmetrics-text;version=2.0.0"));
  CHECK_FALSE(prefers_openmetrics(""));
}

TEST_CASE("requests are counted by route, method and code, and what is unusual together") {
  const auto metrics = some_routes();
  const Series before = read(RequestMetrics::families(metrics));
  const std::size_t session = metrics->index_of("/session/{}");
  metrics->answered(session, "GET", kTrace, 200, 30ms);
  metrics->answered(session, "HEAD", {}, 200, 30ms);
  metrics->answered(session, "DELETE", {}, 404, 30ms);
  metrics->answered(session, "BREW", {}, 405, 30ms);
  metrics->answered(session, "GET", {}, 418, 30ms);
  metrics->answered(session, "GET", {}, 507, 30ms);
  metrics->answered(session, "GET", {}, 302, 30ms);
  metrics->answered(session, "BREW", {}, 500, 30ms);
  metrics->answered(metrics->index_of("/invented"), "GET", {}, 404, 30ms);
  metrics->refused("/chat", "POST", 429);
  const Series series = read(RequestMetrics::families(metrics));
  const auto requests = [&](const std::string& labels) {
    return series.at("vx11_http_requests_total{route=" + labels + "}");
  };
  CHECK(requests(R"("/session/{}",method="GET",code="200")") == 2);
  CHECK(requests(R"("/session/{}",method="DELETE",code="404")") == 1);
  CHECK(requests(R"("/session/{}",method="other",code="405")") == 1);
  CHECK(requests(R"("/session/{}",method="GET",code="4xx")") == 1);
  CHECK(requests(R"("/session/{}",method="GET",code="5xx")") == 1);
  CHECK(requests(R"("/session/{}",method="GET",code="other")") == 1);
  CHECK(requests(R"("/session/{}",method="other",code="5xx")") == 1);
  CHECK(requests(R"("none",method="other",code="404")") == 1);
  CHECK(requests(R"("/chat",method="POST",code="429")") == 1);
  CHECK(series.at(R"(vx11_http_request_duration_seconds_count{route="/session/{}"})") == 8);
  CHECK(series.at(R"(vx11_http_request_duration_seconds_count{route="/chat"})") == 0);
  CHECK(series.size() == before.size());
}

TEST_CASE("a chat counts for the target that answered, and a fallback for the one before") {
  const auto metrics = some_targets();
  const std::vector<Attempt> attempts = {attempt("a", Outcome::timeout, 2s),
                                         attempt("b", Outcome::answered, 1s)};
  vx11::ChatEnding ending;
  ending.input_tokens = 100;
  ending.output_tokens = 11;
  EndedChat chat(attempts);
  chat.ending = &ending;
  chat.is_good = true;
  chat.total = 3s + 400us;
  metrics->ended(chat);
  const Series series = read(ChatMetrics::families(metrics));
  CHECK(series.at(R"(vx11_chat_attempts_total{target="a",outcome="timeout"})") == 1);
  CHECK(series.at(R"(vx11_chat_attempts_total{target="b",outcome="answered"})") == 1);
  CHECK(series.at(R"(vx11_chat_fallbacks_total{target="a",reason="timeout"})") == 1);
  CHECK(series.at(R"(vx11_chat_tokens_total{target="b",type="input"})") == 100);
  CHECK(series.at(R"(vx11_chat_tokens_total{target="b",type="output"})") == 11);
  CHECK(series.at(R"(vx11_chat_tokens_total{target="a",type="input"})") == 0);
  CHECK(series.at("vx11_chat_own_duration_seconds_sum") == doctest::Approx(0.0004));
  const std::string labels =
      R"({gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="small")";
  CHECK(series.at("gen_ai_client_token_usage_sum" + labels + R"(,gen_ai_token_type="input"})") ==
        100);
  CHECK(series.at("gen_ai_server_request_duration_seconds_count" + labels + "}") == 1);
}

TEST_CASE("own time leaves out what ran beside a slow attempt") {
  const auto metrics = some_targets();
  const std::vector<Attempt> attempts = {attempt("a", Outcome::overtaken, 5s),
                                         attempt("b", Outcome::answered, 1s)};
  EndedChat chat(attempts);
  chat.is_good = true;
  chat.total = 5s + 1ms;
  metrics->ended(chat);
  const Series series = read(ChatMetrics::families(metrics));
  CHECK(series.at("vx11_chat_own_duration_seconds_sum") == doctest::Approx(0.001));
  CHECK(series.at(R"(vx11_chat_fallbacks_total{target="a",reason="overtaken"})") == 1);
}

TEST_CASE("a stream counts its first token and the pace of the others") {
  const auto metrics = some_targets();
  const std::vector<Attempt> attempts = {attempt("a", Outcome::answered, 5s)};
  vx11::ChatEnding ending;
  ending.output_tokens = 41;
  EndedChat chat(attempts);
  chat.source = "a";
  chat.ending = &ending;
  chat.is_streamed = true;
  chat.is_good = true;
  chat.first_piece = 1s;
  chat.total = 5s;
  metrics->ended(chat);
  metrics->piece_arrived(100ms);
  const Series series = read(ChatMetrics::families(metrics));
  const std::string labels =
      R"({gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="small"})";
  CHECK(series.at("gen_ai_server_time_to_first_token_seconds_sum" + labels) == 1);
  CHECK(series.at("gen_ai_server_time_per_output_token_seconds_sum" + labels) ==
        doctest::Approx(0.1));
  CHECK(series.at("vx11_chat_between_pieces_seconds_count") == 1);
  CHECK(series.at("vx11_chat_first_piece_seconds_sum") == 1);
  CHECK(series.at("vx11_chat_own_duration_seconds_count") == 0);
}

TEST_CASE("errors have few types, shown from the first one on; unknown targets make no series") {
  const auto metrics = some_targets();
  const std::string name =
      R"(gen_ai_server_request_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="vx11",error_type=)";
  CHECK_FALSE(read(ChatMetrics::families(metrics)).contains(name + R"("timeout"})"));
  const std::vector<Attempt> late = {attempt("switch", Outcome::timeout, 2s)};
  const std::vector<Attempt> broken = {attempt("switch", Outcome::error, 2s)};
  for (const auto& attempts : {late, broken}) metrics->ended(EndedChat(attempts));
  const Series before = read(ChatMetrics::families(metrics));
  CHECK(before.at(name + R"("timeout"})") == 1);
  CHECK(before.at(name + R"("_OTHER"})") == 1);
  const std::vector<Attempt> left = {attempt("switch", Outcome::cancelled, 2s)};
  metrics->ended(EndedChat(left));
  const Series after = read(ChatMetrics::families(metrics));
  CHECK(after.at(name + R"("_OTHER"})") == 1);
  CHECK(after.at(R"(vx11_chat_attempts_total{target="switch",outcome="cancelled"})") == 1);
  const std::vector<Attempt> unknown = {attempt("invented", Outcome::error, 2s)};
  for (const auto& attempts : {unknown, std::vector<Attempt>()}) {
    metrics->ended(EndedChat(attempts));
  }
  CHECK(read(ChatMetrics::families(metrics)).size() == before.size());
}

TEST_CASE("counters of chats go on for the same targets, and come back with them") {
  const auto first = some_targets();
  const std::vector<Attempt> attempts = {attempt("switch", Outcome::answered, 1s)};
  first->ended(EndedChat(attempts));
  const auto without = first->successor({{.name = "a", .provider = "openai", .model = "small"}});
  CHECK_FALSE(read(ChatMetrics::families(without))
                  .contains(R"(vx11_chat_attempts_total{target="switch",outcome="answered"})"));
  const auto again = without->successor({{.name = "switch"}});
  first->ended(EndedChat(attempts));  // a request that the first one still answers
  const Series series = read(ChatMetrics::families(again));
  CHECK(series.at(R"(vx11_chat_attempts_total{target="switch",outcome="answered"})") == 2);
  CHECK(series.at("vx11_chat_own_duration_seconds_count") == 2);
}

TEST_CASE("embeddings are counted for targets that have them") {
  const auto metrics = ChatMetrics::create(
      {{.name = "a", .provider = "openai", .model = "e", .embeddings = true}, {.name = "b"}});
  for (const char* target : {"a", "b"}) {
    const std::vector<Attempt> attempts = {attempt(target, Outcome::answered, 1s)};
    EndedChat chat(attempts);
    chat.operation = vx11::ChatOperation::embeddings;
    chat.is_good = true;
    metrics->ended(chat);
  }
  const Series series = read(ChatMetrics::families(metrics));
  CHECK(
      series.at(
          R"(gen_ai_server_request_duration_seconds_count{gen_ai_operation_name="embeddings",gen_ai_provider_name="openai",gen_ai_request_model="e"})") ==
      1);
  CHECK(
      series.at(
          R"(gen_ai_server_request_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="vx11"})") ==
      0);
}
