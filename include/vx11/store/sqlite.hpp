#pragma once

/// \file
/// Sessions in an SQLite file: they survive a restart, and a kill -9 during a write.

#include <vx11/export.hpp>
#include <vx11/session_store.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Which end an acknowledged turn survives.
enum class SessionDurability : unsigned char {
  process,  ///< Any end of the process, kill -9 included. A power cut may lose the latest turns.
  power,    ///< A power cut, too: each transaction waits until the disk has it.
};

/// Options of SQLite's store alone.
struct SqliteOptions {
  /// A power cut is rare, and flushing costs milliseconds a transaction; turns that wait share one.
  SessionDurability durability = SessionDurability::process;
  /// The most operations that wait; further ones fail with `storage`. More than the chats that a
  /// gateway has under way in `SessionStoreOptions::patience`.
  std::size_t queue = 4'096;
};

/// Opens or creates the database at `path` (and its folder), in WAL mode.
///
/// Turns are written by a thread of the store's own; those that wait share one transaction, and
/// each is acknowledged after its commit. Another thread reads, beside commits. What a summary
/// needs of the sessions in use is kept in memory, as long as no other process has changed the
/// file. Awaited on an event loop, an operation suspends; otherwise it blocks its thread. One that
/// has waited for `patience`, in the queue or for another process that writes the same file, fails
/// with `storage`; so does every one that reaches the file once that was moved, deleted or
/// replaced. If a turn fails, those that shared its transaction are tried again without it, unless
/// the disk or the file is at fault.
///
/// Sessions expire by a clock that advances with the monotonic one and continues after a restart of
/// the machine, so setting the time of day ends none. A read is recorded as use within seconds,
/// together with turns or on its own; in this process it counts at once. Several processes may
/// share a file. The file, those beside it and folders created for it are accessible to the owner
/// alone; the modes of existing files are changed, those of folders are not.
///
/// No end of the process corrupts the file or loses an acknowledged turn; a power cut corrupts
/// nothing either, and may lose the latest turns unless `durability` is `power`.
///
/// \param path A file on a local disk, or `:memory:` for a database that ends with the store.
/// \return `storage` if the file cannot be opened, is on a network share, is no database, or was
/// written by a newer version.
VX11_API Result<std::shared_ptr<SessionStore>> open_sqlite_session_store(
    const std::string& path, SessionStoreOptions options = {}, SqliteOptions sqlite = {});

/// What the store requires of the place of its file, for SQLite databases of a program's own: the
/// write-ahead log needs memory that all processes share, which no network share has.
/// \param path an existing file or folder
/// \return `storage` with the kind of the share; nothing for a path that does not exist
VX11_API Result<void> refuse_network_share(const std::string& path);

[[deprecated("pass SessionStoreOptions")]] inline Result<std::shared_ptr<SessionStore>>
open_sqlite_session_store(const std::string& path, SessionLimits limits, WallClock wall_clock = {},
                          SteadyClock clock = {}) {
  return open_sqlite_session_store(
      path, SessionStoreOptions{.limits = limits, .clock = clock, .wall_clock = wall_clock});
}

}  // namespace v0
}  // namespace vx11
