#include <vx11/request_limits.hpp>

#include <utility>

namespace vx11 {
inline namespace v0 {

std::string_view to_string(RequestLimit limit) noexcept {
  constexpr std::array<std::string_view, kRequestLimits> kNames = {
      "per_address",          "per_token", "per_session", "tokens_per_minute",
      "concurrent_per_token", "concurrent"};
  return kNames[static_cast<std::size_t>(limit)];
}

MetricFamily limit_metrics(std::shared_ptr<const LimitCounters> counters) {
  MetricFamily family{.name = "vx11_limit_refusals_total",
                      .help =
                          "Requests answered 429 or 503 because of a limit; preferred to "
                          "request_limit.rejected of vx11_events_total, which counts the same."};
  for (std::size_t i = 0; i < kRequestLimits; ++i) {
    const auto limit = static_cast<RequestLimit>(i);
    family.series.push_back(
        {.labels = {{"limit", std::string(to_string(limit))}},
         .value = [counters, i] { return counters->refused[i].load(std::memory_order_relaxed); }});
  }
  return family;
}

MetricFamily shared_limit_metrics(std::shared_ptr<const LimitCounters> counters) {
  MetricFamily family{.name = "vx11_limits_decided_alone_total",
                      .help = "Requests whose shared rates were decided by this process alone."};
  family.series.push_back(
      {.value = [counters] { return counters->decided_alone.load(std::memory_order_relaxed); }});
  return family;
}

}  // namespace v0
}  // namespace vx11
