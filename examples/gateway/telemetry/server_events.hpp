#pragma once

/// \file
/// The events of the server: counted for the metrics, and logged.

#include <vx11/net/server.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gateway {

/// Counts and logs every event. Thread-safe.
class ServerEvents {
 public:
  /// As many as `vx11::ServerEvent` has.
  static constexpr std::size_t kKinds = 7;

  void note(vx11::ServerEvent event);
  std::uint64_t count(vx11::ServerEvent event) const noexcept;
  /// For a label: `turned_away`.
  static std::string_view name_of(vx11::ServerEvent event) noexcept;

 private:
  std::array<std::atomic<std::uint64_t>, kKinds> counts_ = {};
};

}  // namespace gateway
