#pragma once

/// \file
/// The file of a session database: where it may be, and how connections to it are opened. Internal.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/store/sqlite.hpp>

#include <cstdint>
#include <string>

#include "store/sqlite_clock.hpp"
#include "store/sqlite_connection.hpp"

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// The name of a file system that other machines may share, from `statfs`' magic number; null:
/// another one. A write-ahead log needs memory that all its users share.
VX11_API const char* network_file_system(long magic) noexcept;

/// The name under which SQLite opens `path`, which it makes a file of its owner alone.
Result<std::string> file_name(const std::string& path);

/// Opens the database, which it creates or brings up to date.
/// \return `storage` with the reason alone.
Result<Connection> open_for_writing(const std::string& name, SessionDurability durability);
/// Opens one that exists and is up to date.
Result<Connection> open_for_reading(const std::string& name);
/// Takes away what others may do with the database and the files beside it.
Result<void> restrict_files(const std::string& name);
/// Begins or continues the time of the file.
Result<void> set_clock(sqlite3* database, WallClock wall, LastingClock& clock);

/// Whether the file is not at its path any more: another one may have taken its place, and a
/// deleted one takes what is written with it.
bool has_moved(sqlite3* database) noexcept;

/// The write-ahead log of an open database. Without its name in the folder, what is written to it
/// is lost with the process. Used by one thread.
class LogFile {
 public:
  /// The same of the log. What it holds is then put into the database, as far as that is possible.
  bool has_moved(sqlite3* database) noexcept;

 private:
  std::uint64_t inode_ = 0;  ///< Zero: not seen so far.
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
