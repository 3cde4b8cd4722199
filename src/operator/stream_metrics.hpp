#pragma once

/// \file
/// The counters of streamed chats, and their Prometheus text. Internal.

#include <vx11/clock.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "operator/time_histogram.hpp"

namespace vx11 {
inline namespace v0 {

/// How a stream ended.
enum class StreamEnd : std::uint8_t {
  done,             ///< With the dialect's end.
  error,            ///< The upstream reported an error, or no target answered after the early head.
  cut_by_upstream,  ///< Cut, silent for too long, or damaged.
  cut_by_client     ///< The client left.
};
inline constexpr std::size_t kStreamEnds = 4;

/// The status under which such a stream is counted among all requests. Its head said 200 before the
/// end was known; 499 is the usual status for a client that left.
constexpr int counted_status(StreamEnd end) noexcept {
  if (end == StreamEnd::done) return 200;
  return end == StreamEnd::cut_by_client ? 499 : 502;
}

/// Counters of the streams that have ended. Thread-safe.
class StreamMetrics {
 public:
  /// \param first_piece from the head of the request; none if there was no piece
  void ended(StreamEnd end, std::optional<Duration> first_piece, Duration total) noexcept;
  void write(std::string& out) const;

 private:
  std::array<std::atomic<std::uint64_t>, kStreamEnds> ends_{};
  TimeHistogram<kStreamBounds> first_piece_;
  TimeHistogram<kStreamBounds> total_;
};

}  // namespace v0
}  // namespace vx11
