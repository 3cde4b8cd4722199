#include "completions/metrics.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

constexpr std::array<std::string_view, kRouteLabels> kRoutes = {
    "chat_completions", "responses", "completions", "embeddings", "models", "model", "none"};

}  // namespace

void Metrics::answered(RouteLabel route, int status) noexcept {
  const auto status_class = static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1);
  requests_[static_cast<std::size_t>(route)][status_class].fetch_add(1, std::memory_order_relaxed);
}

void Metrics::streamed(RouteLabel route, StreamEnd end) noexcept {
  answered(route, counted_status(end));
  streams_[static_cast<std::size_t>(end)].fetch_add(1, std::memory_order_relaxed);
}

std::vector<MetricFamily> metric_families(std::shared_ptr<const Metrics> metrics) {
  MetricFamily requests{.name = "vx11_completions_requests_total",
                        .help = "Requests to the OpenAI chat API, by route and status class."};
  const auto series = [&](const std::atomic<std::uint64_t>& counter, auto labels) {
    return MetricSeries{.labels = std::move(labels), .value = [metrics, &counter] {
                          return counter.load(std::memory_order_relaxed);
                        }};
  };
  using Labels = std::vector<std::pair<std::string, std::string>>;
  for (std::size_t route = 0; route < kRouteLabels; ++route) {
    for (std::size_t c = 0; c < Metrics::kClasses; ++c) {
      requests.series.push_back(
          series(metrics->requests_[route][c], Labels{{"route", std::string(kRoutes[route])},
                                                      {"status", std::to_string(c + 1) + "xx"}}));
    }
  }
  MetricFamily streams{.name = "vx11_completions_streams_total",
                       .help = "Streamed answers of the OpenAI chat API by how they ended."};
  for (std::size_t end = 0; end < kStreamEnds; ++end) {
    streams.series.push_back(
        series(metrics->streams_[end], Labels{{"outcome", std::string(kStreamEndNames[end])}}));
  }
  return {std::move(requests), std::move(streams)};
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
