#include "gateway/top/top_frame.hpp"

#include <vx11/session.hpp>

#include <algorithm>
#include <chrono>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/top/top_text.hpp"

namespace gateway {

namespace {

constexpr std::string_view kRequests = "vx11_http_requests_total";
constexpr std::string_view kDurations = "vx11_http_request_duration_seconds";
constexpr std::string_view kAttempts = "vx11_chat_attempts_total";

using Lines = std::vector<TopLine>;

/// The difference of the two samples, or what has been since the start of the gateway.
MetricChange change_of(const TopSample* before, const TopSample& now) {
  if (before != nullptr) return {&before->metrics, now.metrics, now.at - before->at};
  const double started = now.metrics.sum("process_start_time_seconds");
  const double seconds =
      std::chrono::duration<double>(now.time.time_since_epoch()).count() - started;
  const std::chrono::duration<double> up(started > 0 && seconds > 0 ? seconds : 0);
  return {nullptr, now.metrics, std::chrono::duration_cast<vx11::Duration>(up)};
}

void add_heading(Lines& lines, std::string text) {
  lines.push_back({});
  lines.push_back({std::move(text), TopLook::heading});
}

// --- requests ---------------------------------------------------------------------------------

struct RequestRow {
  std::string route = {};
  double rate = 0;
  double refused = 0;  ///< 4xx, since the sample before.
  double failed = 0;   ///< 5xx.
  double count = 0;    ///< All of them.
  double total = 0;    ///< Since the start.
  std::optional<double> p50 = {};
  std::optional<double> p95 = {};
  std::optional<double> p99 = {};
};

RequestRow request_row(const MetricChange& change, const std::string& route) {
  RequestRow row{.route = route.empty() ? "(none)" : route};
  const MetricLabels labels = {{"route", route}};
  row.rate = change.per_second(kRequests, labels);
  row.count = change.growth(kRequests, labels);
  row.total = change.now().sum(kRequests, labels);
  for (const std::string& code : change.now().values_of(kRequests, "code")) {
    const double growth = change.growth(kRequests, {{"route", route}, {"code", code}});
    if (code.starts_with('4')) row.refused += growth;
    if (code.starts_with('5')) row.failed += growth;
  }
  row.p50 = change.quantile(0.5, kDurations, labels);
  row.p95 = change.quantile(0.95, kDurations, labels);
  row.p99 = change.quantile(0.99, kDurations, labels);
  return row;
}

bool is_before(const RequestRow& a, const RequestRow& b, TopSort sort) {
  switch (sort) {
    case TopSort::rate:
      if (a.rate != b.rate) return a.rate > b.rate;
      break;
    case TopSort::latency:
      if (a.p99 != b.p99) return a.p99.value_or(-1) > b.p99.value_or(-1);
      break;
    case TopSort::errors:
      if (a.failed != b.failed) return a.failed > b.failed;
      if (a.refused != b.refused) return a.refused > b.refused;
      break;
    case TopSort::name:
      return a.route < b.route;
  }
  return a.total != b.total ? a.total > b.total : a.route < b.route;
}

void add_requests(Lines& lines, const MetricChange& change, TopSort sort) {
  std::vector<RequestRow> rows;
  for (const std::string& route : change.now().values_of(kRequests, "route")) {
    RequestRow row = request_row(change, route);
    if (row.total > 0) rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(),
            [sort](const RequestRow& a, const RequestRow& b) { return is_before(a, b, sort); });
  add_heading(lines, left("REQUESTS", 35) + "     /s    p50    p95    p99   4xx   5xx   total");
  for (const RequestRow& row : rows) {
    lines.push_back({fmt::format("{} {} {} {} {} {} {} {}", left(row.route, 34),
                                 right(short_number(row.rate), 7), right(short_time(row.p50), 6),
                                 right(short_time(row.p95), 6), right(short_time(row.p99), 6),
                                 right(percent(row.refused, row.count), 5),
                                 right(percent(row.failed, row.count), 5),
                                 right(fmt::format("{:.0f}", row.total), 7)),
                     row.failed > 0 ? TopLook::warning : TopLook::plain});
  }
  if (rows.empty()) lines.push_back({"no requests so far"});
}

// --- chat -------------------------------------------------------------------------------------

/// `connect 3, http_status 1`: the outcomes that have grown, but for `answered`.
std::string other_outcomes(const MetricChange& change, const std::string& target) {
  std::vector<std::string> parts;
  for (const std::string& outcome : change.now().values_of(kAttempts, "outcome")) {
    const double growth = change.growth(kAttempts, {{"target", target}, {"outcome", outcome}});
    if (growth > 0 && outcome != "answered")
      parts.push_back(fmt::format("{} {:.0f}", outcome, growth));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

void add_targets(Lines& lines, const MetricChange& change) {
  const auto targets = change.now().values_of(kAttempts, "target");
  if (targets.empty()) return;
  add_heading(lines, left("CHAT TARGETS", 24) + "     /s  answered  tokens/s  fallbacks  others");
  for (const std::string& target : targets) {
    const MetricLabels labels = {{"target", target}};
    const double all = change.growth(kAttempts, labels);
    const double answered = change.growth(kAttempts, {{"target", target}, {"outcome", "answered"}});
    const double fallbacks = change.growth("vx11_chat_fallbacks_total", labels);
    lines.push_back(
        {fmt::format("{} {}  {}  {}  {}  {}", left(target, 23),
                     right(short_number(change.per_second(kAttempts, labels)), 7),
                     right(percent(answered, all), 8),
                     right(short_number(change.per_second("vx11_chat_tokens_total", labels)), 8),
                     right(fmt::format("{:.0f}", fallbacks), 9), other_outcomes(change, target)),
         all > answered ? TopLook::warning : TopLook::plain});
  }
}

void add_streams(Lines& lines, const MetricChange& change) {
  constexpr std::string_view kStreams = "vx11_chat_streams_total";
  if (!change.now().has(kStreams)) return;
  std::vector<std::string> endings;
  for (const std::string& end : change.now().values_of(kStreams, "outcome")) {
    const double growth = change.growth(kStreams, {{"outcome", end}});
    if (growth > 0) endings.push_back(fmt::format("{} {:.0f}", end, growth));
  }
  add_heading(lines, "STREAMS");
  const auto times = [&](std::string_view histogram) {
    return fmt::format("p50 {} p95 {}", short_time(change.quantile(0.5, histogram)),
                       short_time(change.quantile(0.95, histogram)));
  };
  lines.push_back({fmt::format(
      "{}/s  first piece: {}  between pieces: {}  ended: {}",
      short_number(change.per_second(kStreams)), times("vx11_chat_first_piece_seconds"),
      times("vx11_chat_between_pieces_seconds"),
      endings.empty() ? "none" : fmt::format("{}", fmt::join(endings, ", ")))});
}

// --- breakers, objectives, limits ---------------------------------------------------------------

std::string state_of(const MetricSnapshot& now, const std::string& breaker) {
  for (const char* const state : {"closed", "open", "half_open"}) {
    if (now.sum("vx11_circuit_state", {{"breaker", breaker}, {"state", state}}) > 0) return state;
  }
  return "unknown";
}

void add_breakers(Lines& lines, const MetricChange& change) {
  const auto breakers = change.now().values_of("vx11_circuit_state", "breaker");
  if (breakers.empty()) return;
  add_heading(lines, left("BREAKERS", 24) + "state      failures in a row  rejected/s");
  for (const std::string& breaker : breakers) {
    const MetricLabels labels = {{"breaker", breaker}};
    const std::string state = state_of(change.now(), breaker);
    lines.push_back(
        {fmt::format(
             "{} {} {} {}", left(breaker, 23), left(state, 10),
             right(fmt::format("{:.0f}", change.now().sum("vx11_circuit_failures", labels)), 17),
             right(short_number(change.per_second("vx11_circuit_rejections_total", labels)), 11)),
         state == "closed" ? TopLook::plain : TopLook::warning});
  }
}

/// `1h 0.2  5m 0.0`: burn rates by window.
std::string burn_rates(const MetricSnapshot& now, const std::string& slo) {
  std::vector<std::string> parts;
  for (const std::string& window : now.values_of("vx11_slo_burn_rate", "window")) {
    const auto rate = now.value("vx11_slo_burn_rate", {{"slo", slo}, {"window", window}});
    if (rate) parts.push_back(fmt::format("{} {}", window, short_number(*rate)));
  }
  return fmt::format("{}", fmt::join(parts, "  "));
}

void add_objectives(Lines& lines, const MetricSnapshot& now) {
  const auto objectives = now.values_of("vx11_slo_objective_ratio", "slo");
  if (objectives.empty()) return;
  add_heading(lines, left("SERVICE LEVELS", 24) + "objective  budget left  burn rates");
  for (const std::string& slo : objectives) {
    const MetricLabels labels = {{"slo", slo}};
    const bool fires = now.sum("vx11_slo_alert_firing", labels) > 0;
    lines.push_back(
        {fmt::format(
             "{} {}  {}  {}{}", left(slo, 23),
             right(fmt::format("{:.4g}%", 100 * now.sum("vx11_slo_objective_ratio", labels)), 9),
             right(percent(now.sum("vx11_slo_error_budget_remaining_ratio", labels), 1), 11),
             burn_rates(now, slo), fires ? "  FIRING" : ""),
         fires ? TopLook::warning : TopLook::plain});
  }
}

/// Every counter of refusals that has grown.
void add_refusals(Lines& lines, const MetricChange& change) {
  std::vector<std::string> parts;
  for (const MetricSample& sample : change.now().samples()) {
    const bool is_refusal =
        sample.name == "vx11_limit_refusals_total" || sample.name == "vx11_server_events_total";
    if (!is_refusal) continue;
    const MetricLabels labels(sample.labels.begin(), sample.labels.end());
    const double growth = change.growth(sample.name, labels);
    if (growth <= 0) continue;
    std::vector<std::string> values;
    for (const auto& [name, value] : sample.labels) values.push_back(value);
    parts.push_back(fmt::format("{} {:.0f}", fmt::join(values, "/"), growth));
  }
  if (parts.empty()) return;
  add_heading(lines, "REFUSALS");
  lines.push_back({fmt::format("{}", fmt::join(parts, ", ")), TopLook::warning});
}

// --- the process --------------------------------------------------------------------------------

double loops_in(const MetricSnapshot& metrics) {
  return static_cast<double>(metrics.values_of("vx11_loop_busy_seconds_total", "loop").size());
}

void add_first_lines(Lines& lines, const MetricChange& change, const TopSample& now,
                     const std::string& url, TopSort sort) {
  const MetricSnapshot& metrics = now.metrics;
  const auto versions = metrics.values_of("vx11_build_info", "version");
  const double started = metrics.sum("process_start_time_seconds");
  const double time = std::chrono::duration<double>(now.time.time_since_epoch()).count();
  lines.push_back(
      {fmt::format("vx11-gateway {}  {}  up {}  status {}  sort {}",
                   versions.empty() ? "" : versions.front(), url,
                   short_time(started > 0 ? std::optional(time - started) : std::nullopt),
                   now.status.empty() ? "-" : now.status, to_string(sort)),
       TopLook::heading});
  const auto cpu = metrics.value("process_cpu_seconds_total");
  lines.push_back({fmt::format(
      "cpu {}  loops busy {}  memory {}  descriptors {:.0f}/{:.0f}  connections {:.0f}  "
      "sessions {}",
      cpu ? percent(change.per_second("process_cpu_seconds_total"), 1) : "-",
      percent(change.per_second("vx11_loop_busy_seconds_total"), loops_in(metrics)),
      short_bytes(metrics.sum("process_resident_memory_bytes")), metrics.sum("process_open_fds"),
      metrics.sum("process_max_fds"), metrics.sum("vx11_server_connections"),
      metrics.has("vx11_sessions") ? fmt::format("{:.0f}", metrics.sum("vx11_sessions")) : "-")});
  std::vector<std::string> unwell;
  for (const auto& [name, status] : now.components) {
    if (status != "ok" && status != "available") unwell.push_back(name + " " + status);
  }
  if (!unwell.empty()) {
    lines.push_back({fmt::format("components: {}", fmt::join(unwell, ", ")), TopLook::warning});
  }
}

}  // namespace

std::string to_string(TopSort sort) {
  switch (sort) {
    case TopSort::rate:
      return "rate";
    case TopSort::latency:
      return "p99";
    case TopSort::errors:
      return "errors";
    case TopSort::name:
      break;
  }
  return "name";
}

std::vector<TopLine> make_top_frame(const TopSample* before, const TopSample& now,
                                    const std::string& url, TopSort sort) {
  const MetricChange change = change_of(before, now);
  Lines lines;
  add_first_lines(lines, change, now, url, sort);
  add_objectives(lines, now.metrics);
  add_requests(lines, change, sort);
  add_targets(lines, change);
  add_breakers(lines, change);
  add_streams(lines, change);
  add_refusals(lines, change);
  return lines;
}

std::vector<TopLine> fitted(std::vector<TopLine> lines, std::size_t width, std::size_t height,
                            bool has_utf8) {
  if (height == 0 || width == 0) return {};
  if (lines.size() > height) {
    const std::size_t left_out = lines.size() - height + 1;
    lines.resize(height - 1);
    lines.push_back({fmt::format("... {} more lines", left_out)});
  }
  for (TopLine& line : lines) line.text = fit(line.text, width, has_utf8);
  return lines;
}

}  // namespace gateway
