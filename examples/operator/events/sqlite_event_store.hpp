#pragma once

/// \file
/// Events in the database. Internal.

#include <vx11/clock.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

#include "operator/events/event_store.hpp"
#include "operator/store/database.hpp"

namespace backend {

/// How many events are kept, and for how long. The oldest are removed.
struct EventStoreOptions {
  /// About 50 MB. A busy system has some thousand events a day.
  std::size_t max_events = 100'000;
  std::chrono::seconds max_age = std::chrono::hours(24 * 30);
  vx11::SteadyClock clock = {};
  vx11::WallClock wall_clock = {};
};

std::shared_ptr<EventStore> make_sqlite_event_store(std::shared_ptr<Database> database,
                                                    EventStoreOptions options = {});

}  // namespace backend
