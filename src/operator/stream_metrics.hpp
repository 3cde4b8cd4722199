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

#include "front/stream_end.hpp"
#include "operator/time_histogram.hpp"

namespace vx11 {
inline namespace v0 {

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
