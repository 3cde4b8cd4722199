#include "completions/metrics.hpp"

#include <algorithm>
#include <string_view>

#include "http/prometheus_text.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

namespace {

constexpr std::array<std::string_view, kRouteLabels> kRoutes = {"chat_completions", "responses",
                                                                "models", "model", "none"};

}  // namespace

void Metrics::answered(RouteLabel route, int status) noexcept {
  const auto status_class = static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1);
  requests_[static_cast<std::size_t>(route)][status_class].fetch_add(1, std::memory_order_relaxed);
}

void Metrics::streamed(RouteLabel route, StreamEnd end) noexcept {
  answered(route, counted_status(end));
  streams_[static_cast<std::size_t>(end)].fetch_add(1, std::memory_order_relaxed);
}

std::string Metrics::text() const {
  std::string out;
  prometheus::head(out, "vx11_completions_requests_total", "counter",
                   "Requests to the OpenAI chat API, by route and status class.");
  for (std::size_t route = 0; route < kRouteLabels; ++route) {
    for (std::size_t c = 0; c < kClasses; ++c) {
      prometheus::line(out, R"(vx11_completions_requests_total{{route="{}",status="{}xx"}} {})",
                       kRoutes[route], c + 1, requests_[route][c].load(std::memory_order_relaxed));
    }
  }
  prometheus::head(out, "vx11_completions_streams_total", "counter",
                   "Streamed answers of the OpenAI chat API by how they ended.");
  for (std::size_t end = 0; end < kStreamEnds; ++end) {
    prometheus::line(out, R"(vx11_completions_streams_total{{outcome="{}"}} {})",
                     kStreamEndNames[end], streams_[end].load(std::memory_order_relaxed));
  }
  return out;
}

}  // namespace completions
}  // namespace v0
}  // namespace vx11
