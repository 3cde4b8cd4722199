#pragma once

/// \file
/// What the WebSocket bridge counts. Internal.

#include <vx11/metric_family.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace backend {

/// **Thread-safe.**
struct BridgeMetrics {
  /// The codes of closes that are counted each by itself.
  static constexpr std::array<std::uint16_t, 11> kCodes = {1000, 1001, 1002, 1005, 1006, 1007,
                                                           1008, 1009, 1011, 4401, 0};

  void closed(std::uint16_t code) noexcept;
  /// Of GET /metrics. The families keep `metrics`.
  static std::vector<vx11::MetricFamily> families(const std::shared_ptr<BridgeMetrics>& metrics);

  std::atomic<std::uint64_t> open = 0;
  std::atomic<std::uint64_t> chats = 0;  ///< That are being answered.
  std::atomic<std::uint64_t> received = 0;
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> refused = 0;  ///< Messages that were answered by an error.
  std::atomic<std::uint64_t> lagging = 0;
  std::array<std::atomic<std::uint64_t>, kCodes.size()> closes = {};  ///< As `kCodes`; 0: others.
};

}  // namespace backend
