#pragma once

/// \file
/// The last latencies and outcomes of each upstream, for sparklines.

#include <vx11/clock.hpp>

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace backend {

/// A bounded series for each upstream. **Thread-safe.**
class LatencySeries {
 public:
  /// Twenty minutes of looks every five seconds.
  static constexpr std::size_t kMaxPoints = 240;
  /// More upstreams than a gateway has; further names are left out.
  static constexpr std::size_t kMaxSeries = 64;

  /// \param source where the figure is from: "status" or "chat"
  /// \param outcome as the gateway names it: a component's status, or an attempt's outcome
  void add(std::string_view upstream, std::string_view source, vx11::WallTime at, double latency_ms,
           std::string_view outcome);
  /// `[{upstream, source, points[{ts, latency_ms, outcome}]}]`, the oldest point first.
  nlohmann::json to_json() const;

 private:
  struct Point {
    vx11::WallTime at = {};
    double latency_ms = 0;
    std::string outcome = {};
  };

  mutable std::mutex mutex_ = {};
  std::map<std::pair<std::string, std::string>, std::deque<Point>> series_ = {};
};

}  // namespace backend
