#pragma once

/// \file
/// Sessions in memory: the fastest store, gone with the process.

#include <vx11/session_store.hpp>

#include <memory>

namespace vx11::inline v0 {

/// Makes an in-memory store. It completes without suspending; a lock is held for the copying of one
/// turn. Expiry uses the monotonic clock.
std::shared_ptr<SessionStore> make_memory_session_store(SessionLimits limits = {},
                                                        SteadyClock clock = {},
                                                        WallClock wall_clock = {});

}  // namespace vx11::inline v0
