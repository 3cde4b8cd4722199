#pragma once

/// \file
/// Counters of a transport, for metrics.

#include <atomic>
#include <cstdint>

namespace vx11 {
inline namespace v0 {

/// What a transport over HTTP has done since its creation. Made by its user, who passes it in the
/// transport's options and may read it at any time. Thread-safe.
struct TransportCounters {
  /// Requests sent again on a new connection, because the kept one had been closed by the upstream,
  /// or answered 408, before any other byte of a response.
  std::atomic<std::uint64_t> resent = 0;
  /// Calls that ended with `exhausted`: this process was out of descriptors, memory, threads or
  /// ports.
  std::atomic<std::uint64_t> exhausted = 0;
  // The following are counted by the event-driven transport alone.
  std::atomic<std::uint64_t> opened = 0;      ///< Connections that were opened.
  std::atomic<std::uint64_t> reused = 0;      ///< Calls on a connection that was kept from another.
  std::atomic<std::uint64_t> open = 0;        ///< Connections that are open now.
  std::atomic<std::uint64_t> idle = 0;        ///< Of these, those that wait for a call.
  std::atomic<std::uint64_t> connecting = 0;  ///< Calls that wait for a new connection now.
};

}  // namespace v0
}  // namespace vx11
