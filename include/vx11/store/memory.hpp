#pragma once

/// \file
/// Sessions in memory: the fastest store, lost when the process ends.

#include <vx11/export.hpp>
#include <vx11/session_store.hpp>

#include <memory>

namespace vx11 {
inline namespace v0 {

/// Creates an in-memory store. Operations complete without suspending; one lock is held for the
/// look-up and for sharing the messages read, never while their text is copied. Every operation is
/// O(1) in the number of sessions. Expiry uses the monotonic clock; later appends remove expired
/// sessions.
VX11_API std::shared_ptr<SessionStore> make_memory_session_store(SessionStoreOptions options = {});

[[deprecated("pass SessionStoreOptions")]] inline std::shared_ptr<SessionStore>
make_memory_session_store(SessionLimits limits, SteadyClock clock = {}, WallClock wall_clock = {}) {
  return make_memory_session_store(
      SessionStoreOptions{.limits = limits, .clock = clock, .wall_clock = wall_clock});
}

}  // namespace v0
}  // namespace vx11
