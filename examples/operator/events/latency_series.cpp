#include "operator/events/latency_series.hpp"

#include <vx11/session.hpp>

#include <utility>

namespace backend {

using nlohmann::json;

void LatencySeries::add(std::string_view upstream, std::string_view source, vx11::WallTime at,
                        double latency_ms, std::string_view outcome) {
  const std::lock_guard lock(mutex_);
  const std::pair<std::string, std::string> key{upstream, source};
  auto series = series_.find(key);
  if (series == series_.end()) {
    if (series_.size() >= kMaxSeries) return;
    series = series_.emplace(key, std::deque<Point>()).first;
  }
  series->second.push_back(Point{at, latency_ms, std::string(outcome)});
  if (series->second.size() > kMaxPoints) series->second.pop_front();
}

json LatencySeries::to_json() const {
  const std::lock_guard lock(mutex_);
  json all = json::array();
  for (const auto& [key, points] : series_) {
    json shown = json::array();
    for (const Point& point : points) {
      shown.push_back({{"ts", vx11::to_rfc3339(point.at)},
                       {"latency_ms", point.latency_ms},
                       {"outcome", point.outcome}});
    }
    all.push_back({{"upstream", key.first}, {"source", key.second}, {"points", std::move(shown)}});
  }
  return all;
}

}  // namespace backend
