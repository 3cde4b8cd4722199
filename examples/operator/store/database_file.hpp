#pragma once

/// \file
/// The file of the database: whose it is, and who may use it. Internal.

#include <vx11/result.hpp>

#include <chrono>
#include <string>
#include <utility>

#include "operator/store/connection.hpp"

namespace backend {

/// The lock on the database's file: one process at a time. The lock ends with the process.
class DatabaseFile {
 public:
  /// Creates the file and its folder if they are missing, for their owner alone; takes away what
  /// others may do with an existing file.
  /// \return `storage` with the reason
  static vx11::Result<DatabaseFile> lock(const std::string& path);

  DatabaseFile(DatabaseFile&& other) noexcept
      : name_(std::move(other.name_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;
  ~DatabaseFile();

  /// Absolute.
  const std::string& name() const noexcept { return name_; }

 private:
  DatabaseFile(std::string name, int descriptor) noexcept
      : name_(std::move(name)), descriptor_(descriptor) {}

  std::string name_;
  int descriptor_;
};

/// Opens the file for changes; creates its tables or brings them up to date.
/// \return `storage` with the reason
vx11::Result<Connection> open_for_changes(const std::string& name,
                                          std::chrono::milliseconds busy_timeout);
/// Opens a file that is up to date.
vx11::Result<Connection> open_for_queries(const std::string& name,
                                          std::chrono::milliseconds busy_timeout);

/// What a failure of SQLite is called in an error: that the file is locked, the disk is full.
vx11::Error storage_error(const SQLite::Exception& failure);

}  // namespace backend
