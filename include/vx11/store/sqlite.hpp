#pragma once

/// \file
/// Sessions in an SQLite file: they survive a restart, and a kill -9 in the middle of a write.

#include <vx11/export.hpp>
#include <vx11/session_store.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Opens or creates the database at `path` (its folder too), in WAL mode, one transaction per turn.
///
/// Blocks for the duration of a transaction, and up to 5 s for another process that writes the same
/// file; awaited on an event loop, it does so on a thread of its own, one use after the other, and
/// a use that has stood in line for two seconds of `clock` fails with `storage`. Expiry uses the
/// wall clock, since the file outlives the process. Several processes may share a file. A new file
/// is readable by its owner alone, and so are folders made for it.
///
/// A turn acknowledged survives the end of the process, however sudden. Those of the last moments
/// before a power cut may be lost, never the file: flushing the disk for each costs ten to fifty
/// times as much as all the rest. A reading writes down that the session was used; where it cannot,
/// on a full disk say, it is answered all the same.
///
/// \param path A file on a local disk, or `:memory:` for a database that ends with the store.
/// \return `storage` if the file cannot be opened, is no database, or was written by a newer
/// version.
VX11_API Result<std::shared_ptr<SessionStore>> open_sqlite_session_store(
    const std::string& path, SessionStoreOptions options = {});

[[deprecated("pass SessionStoreOptions")]] inline Result<std::shared_ptr<SessionStore>>
open_sqlite_session_store(const std::string& path, SessionLimits limits, WallClock wall_clock = {},
                          SteadyClock clock = {}) {
  return open_sqlite_session_store(
      path, SessionStoreOptions{.limits = limits, .clock = clock, .wall_clock = wall_clock});
}

}  // namespace v0
}  // namespace vx11
