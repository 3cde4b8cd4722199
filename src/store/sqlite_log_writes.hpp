#pragma once

/// \file
/// Writes what a transaction adds to the write-ahead log by one system call. Internal.

#include <vx11/export.hpp>

#include <cstddef>
#include <vector>

#include <sqlite3.h>

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// SQLite writes each page of a transaction to the log by two system calls: the header of its frame
/// and the page (https://sqlite.org/walformat.html), a third of what a turn costs the kernel. This
/// keeps them in memory until the header of the last frame, whose write returns the result for all.
///
/// It takes the place of the methods of the connection's log file. Whatever else SQLite does with
/// that file first writes what is kept. Used by the connection's thread, and destroyed after the
/// connection. Not for commits that are flushed to the disk, which cost a thousand times as much.
class VX11_API LogWrites {
 public:
  /// \param database has run a transaction, so that the log is open; null, or without a log: this
  ///        does nothing
  explicit LogWrites(sqlite3* database) noexcept;
  LogWrites(const LogWrites&) = delete;
  LogWrites& operator=(const LogWrites&) = delete;
  ~LogWrites() = default;

  /// Forgets the pages of a transaction that was rolled back. Another process may write there next,
  /// so this comes before anything else that the connection does.
  void discard() noexcept;

 private:
  /// The methods first, so that the address of a file's methods is that of the object.
  struct Methods : sqlite3_io_methods {
    LogWrites* self = nullptr;
  };

  static LogWrites& of(sqlite3_file* file) noexcept;
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) noexcept;
  static int read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) noexcept;
  static int truncate(sqlite3_file* file, sqlite3_int64 size) noexcept;
  static int sync(sqlite3_file* file, int flags) noexcept;
  static int file_size(sqlite3_file* file, sqlite3_int64* size) noexcept;
  static int close(sqlite3_file* file) noexcept;

  bool keep(const void* data, int size, sqlite3_int64 offset) noexcept;
  int flush(sqlite3_file* file) noexcept;

  Methods methods_ = {};
  const sqlite3_io_methods* real_ = nullptr;
  std::vector<std::byte> kept_;  ///< Bytes of the log from `begin_` on.
  sqlite3_int64 begin_ = 0;
  bool in_frame_ = false;  ///< The page of a kept header follows.
  bool is_last_ = false;   ///< What was kept last is the header of the transaction's last frame.
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
