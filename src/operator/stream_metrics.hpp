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
#include <string_view>

#include "front/stream_end.hpp"

namespace vx11 {
inline namespace v0 {

/// A histogram of times, from a fast first piece to the longest stream. Thread-safe.
class TimeHistogram {
 public:
  void count(Duration time) noexcept;
  void write(std::string& out, std::string_view name, std::string_view help) const;

 private:
  static constexpr std::size_t kBuckets = 24;                   // the last is unbounded
  std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};  ///< Not cumulative.
  std::atomic<std::uint64_t> nanoseconds_{0};
};

/// Counters of the streams that have ended. Thread-safe.
class StreamMetrics {
 public:
  /// \param first_piece from the head of the request; none if there was no piece
  void ended(StreamEnd end, std::optional<Duration> first_piece, Duration total) noexcept;
  void write(std::string& out) const;

 private:
  std::array<std::atomic<std::uint64_t>, kStreamEnds> ends_{};
  TimeHistogram first_piece_;
  TimeHistogram total_;
};

}  // namespace v0
}  // namespace vx11
