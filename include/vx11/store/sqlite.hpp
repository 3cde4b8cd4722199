#pragma once

/// \file
/// Sessions in an SQLite file: they survive a restart, and a kill -9 during a write.

#include <vx11/export.hpp>
#include <vx11/session_store.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Opens or creates the database at `path` (and its folder), in WAL mode, one transaction per turn.
///
/// Blocks for the duration of a transaction. Awaited on an event loop, it runs on a thread of its
/// own, one operation at a time. An operation that has waited for `patience`, in the queue or for
/// another process that writes the same file, fails with `storage`; so does every one once the file
/// was moved, deleted or replaced. Expiry uses the wall clock, since the file outlives the process.
/// Several processes may share a file. A new file, and folders created for it, are accessible to
/// the owner alone.
///
/// An acknowledged turn survives any end of the process. A power cut may lose the latest turns, but
/// never corrupts the file: flushing the disk per turn costs ten to fifty times as much as the rest
/// of the operation. A read records the use of the session; if that fails, for example on a full
/// disk, the read still succeeds.
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
