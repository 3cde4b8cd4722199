#include "operator/bridge/bridge_metrics.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace backend {

namespace {

using vx11::MetricFamily;
using vx11::MetricKind;
using vx11::MetricSeries;
using Shared = std::shared_ptr<BridgeMetrics>;
using Count = std::atomic<std::uint64_t>;

MetricSeries series(const Shared& metrics, const Count& count) {
  return {.value = [metrics, &count] { return count.load(std::memory_order_relaxed); }};
}

MetricSeries labelled(const Shared& metrics, const Count& count, const char* label,
                      std::string value) {
  MetricSeries one = series(metrics, count);
  one.labels.emplace_back(label, std::move(value));
  return one;
}

MetricFamily single(const Shared& metrics, const char* name, const char* help, MetricKind kind,
                    const Count& count) {
  return {.name = name, .help = help, .kind = kind, .series = {series(metrics, count)}};
}

MetricFamily closes_by_code(const Shared& metrics) {
  MetricFamily family{.name = "vx11_operator_bridge_closes_total",
                      .help = "WebSockets that have ended, by close code.",
                      .kind = MetricKind::counter};
  for (std::size_t i = 0; i < BridgeMetrics::kCodes.size(); ++i) {
    const int code = BridgeMetrics::kCodes[i];
    family.series.push_back(
        labelled(metrics, metrics->closes[i], "code", code == 0 ? "other" : std::to_string(code)));
  }
  return family;
}

MetricFamily messages(const Shared& metrics) {
  return {.name = "vx11_operator_bridge_messages_total",
          .help = "Messages over WebSockets, by direction.",
          .kind = MetricKind::counter,
          .series = {labelled(metrics, metrics->received, "direction", "in"),
                     labelled(metrics, metrics->sent, "direction", "out")}};
}

}  // namespace

void BridgeMetrics::closed(std::uint16_t code) noexcept {
  const auto at = std::find(kCodes.begin(), kCodes.end() - 1, code);
  closes[static_cast<std::size_t>(at - kCodes.begin())].fetch_add(1, std::memory_order_relaxed);
}

std::vector<MetricFamily> BridgeMetrics::families(const Shared& metrics) {
  std::vector<MetricFamily> all;
  all.push_back(single(metrics, "vx11_operator_bridge_sockets", "WebSockets that are open.",
                       MetricKind::gauge, metrics->open));
  all.push_back(single(metrics, "vx11_operator_bridge_chats",
                       "Chats over WebSockets that are being answered.", MetricKind::gauge,
                       metrics->chats));
  all.push_back(messages(metrics));
  all.push_back(single(metrics, "vx11_operator_bridge_refused_total",
                       "Messages of clients that were answered by an error.", MetricKind::counter,
                       metrics->refused));
  all.push_back(single(metrics, "vx11_operator_bridge_lagging_total",
                       "WebSockets that were closed because their clients read too slowly.",
                       MetricKind::counter, metrics->lagging));
  all.push_back(closes_by_code(metrics));
  return all;
}

}  // namespace backend
