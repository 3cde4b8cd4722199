#pragma once

/// \file
/// How streamed chats end, as they are counted. Internal.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

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
inline constexpr std::array<std::string_view, kStreamEnds> kStreamEndNames = {
    "done", "error", "cut_by_upstream", "cut_by_client"};

/// The status under which such a stream is counted among all requests. Its head said 200 before the
/// end was known; 499 is the usual status for a client that left.
constexpr int counted_status(StreamEnd end) noexcept {
  if (end == StreamEnd::done) return 200;
  return end == StreamEnd::cut_by_client ? 499 : 502;
}

}  // namespace v0
}  // namespace vx11
