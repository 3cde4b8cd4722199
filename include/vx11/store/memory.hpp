#pragma once

/// \file
/// Sessions in memory: the fastest store, gone with the process.

#include <vx11/export.hpp>
#include <vx11/session_store.hpp>

#include <memory>

namespace vx11 {
inline namespace v0 {

/// Makes an in-memory store. It completes without suspending; one lock is held for a look-up and
/// for taking hold of what is read, never for copying its text. Every operation is O(1) in the
/// number of sessions. Expiry uses the monotonic clock; expired sessions leave with later appends.
VX11_API std::shared_ptr<SessionStore> make_memory_session_store(SessionStoreOptions options = {});

[[deprecated("pass SessionStoreOptions")]] inline std::shared_ptr<SessionStore>
make_memory_session_store(SessionLimits limits, SteadyClock clock = {}, WallClock wall_clock = {}) {
  return make_memory_session_store(
      SessionStoreOptions{.limits = limits, .clock = clock, .wall_clock = wall_clock});
}

}  // namespace v0
}  // namespace vx11
