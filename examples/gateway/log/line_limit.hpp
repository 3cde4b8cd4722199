#pragma once

/// \file
/// Limits how often a line is logged.

#include <vx11/clock.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gateway {

/// Admits some lines at once and then one a second, and counts the others. Thread-safe.
class LineLimit {
 public:
  /// \param burst at least 1
  /// \return the lines refused since the last one that was admitted; none: this one is refused
  std::optional<std::uint64_t> admit(vx11::TimePoint now, std::size_t burst = 1) noexcept;
  /// The lines refused since the last one that was admitted, if one would be admitted now.
  /// \return 0: none
  std::uint64_t take_left_out(vx11::TimePoint now) noexcept;

 private:
  std::atomic<std::int64_t> due_{INT64_MIN};  ///< When all lines before are a second apart.
  std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace gateway
