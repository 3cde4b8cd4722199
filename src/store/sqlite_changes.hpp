#pragma once

/// \file
/// Notices changes of a database by other connections without a system call. Internal.

#include <atomic>
#include <cstdint>

#include <sqlite3.h>

namespace vx11 {
inline namespace v0 {
namespace sqlite {

/// The number of transactions that any process has committed to a database in WAL mode: `iChange`
/// of the header of its shared memory (https://sqlite.org/walformat.html, "The WAL-Index Header").
///
/// `PRAGMA data_version` gives the same by a read transaction, which costs four system calls.
/// Reading is thread-safe. The connection outlives it.
class ChangeCounter {
 public:
  /// \param database has run a transaction, so that the memory is there
  explicit ChangeCounter(sqlite3* database) noexcept {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (file == nullptr || file->pMethods == nullptr || file->pMethods->iVersion < 2) return;
    void volatile* memory = nullptr;
    if (file->pMethods->xShmMap(file, 0, kRegionBytes, 0, &memory) != SQLITE_OK) return;
    if (memory != nullptr) counter_ = static_cast<std::uint32_t*>(const_cast<void*>(memory)) + 2;
  }

  bool is_known() const noexcept { return counter_ != nullptr; }
  std::uint32_t read() const noexcept {
    return counter_ == nullptr
               ? 0
               : std::atomic_ref<std::uint32_t>(*counter_).load(std::memory_order_acquire);
  }

 private:
  static constexpr int kRegionBytes = 32 * 1024;  // what SQLite maps at a time

  std::uint32_t* counter_ = nullptr;
};

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
