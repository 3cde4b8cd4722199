#include "store/sqlite_log_writes.hpp"

#include <algorithm>
#include <iterator>
#include <new>

namespace vx11 {
inline namespace v0 {
namespace sqlite {

namespace {

constexpr int kFrameHeaderBytes = 24;
/// The most that SQLite's own VFS writes at once: longer writes fail there. Larger transactions are
/// written in pieces.
constexpr std::size_t kMostKept = 128 * 1024 - 1;

/// The last frame of a transaction has the size of the database in its second four bytes, the
/// others zero.
bool is_of_last_frame(const std::byte* header) noexcept {
  return std::any_of(header + 4, header + 8, [](std::byte byte) { return byte != std::byte(0); });
}

}  // namespace

LogWrites::LogWrites(sqlite3* database) noexcept {
  if (database == nullptr) return;
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  if (file == nullptr || file->pMethods == nullptr) return;
  try {
    kept_.reserve(kMostKept);
  } catch (const std::bad_alloc&) {
    return;
  }
  real_ = file->pMethods;
  static_cast<sqlite3_io_methods&>(methods_) = *real_;
  methods_.self = this;
  methods_.xWrite = &write;
  methods_.xRead = &read;
  methods_.xTruncate = &truncate;
  methods_.xSync = &sync;
  methods_.xFileSize = &file_size;
  methods_.xClose = &close;
  file->pMethods = &methods_;
}

void LogWrites::discard() noexcept {
  kept_.clear();
  in_frame_ = false;
}

LogWrites& LogWrites::of(sqlite3_file* file) noexcept {
  return *static_cast<const Methods*>(file->pMethods)->self;
}

int LogWrites::write(sqlite3_file* file, const void* data, int size,
                     sqlite3_int64 offset) noexcept {
  LogWrites& self = of(file);
  if (self.keep(data, size, offset)) return self.is_last_ ? self.flush(file) : SQLITE_OK;
  const int code = self.flush(file);
  return code == SQLITE_OK ? self.real_->xWrite(file, data, size, offset) : code;
}

/// Keeps the headers of frames, and the pages that follow them.
/// \return false: it is something else, or belongs elsewhere, or there is no room
bool LogWrites::keep(const void* data, int size, sqlite3_int64 offset) noexcept {
  const auto* const bytes = static_cast<const std::byte*>(data);
  const auto length = static_cast<std::size_t>(size);
  const bool is_header = size == kFrameHeaderBytes;
  if (!is_header && !in_frame_) return false;
  if (kept_.empty()) begin_ = offset;
  if (offset != begin_ + std::ssize(kept_) || kept_.size() + length > kMostKept) return false;
  kept_.insert(kept_.end(), bytes, bytes + length);  // into reserved memory
  in_frame_ = is_header;
  is_last_ = is_header && is_of_last_frame(bytes);
  return true;
}

int LogWrites::flush(sqlite3_file* file) noexcept {
  if (kept_.empty()) return SQLITE_OK;
  const int code = real_->xWrite(file, kept_.data(), static_cast<int>(kept_.size()), begin_);
  discard();
  return code;
}

int LogWrites::read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) noexcept {
  LogWrites& self = of(file);
  const int code = self.flush(file);
  return code == SQLITE_OK ? self.real_->xRead(file, data, size, offset) : code;
}

int LogWrites::truncate(sqlite3_file* file, sqlite3_int64 size) noexcept {
  LogWrites& self = of(file);
  const int code = self.flush(file);
  return code == SQLITE_OK ? self.real_->xTruncate(file, size) : code;
}

int LogWrites::sync(sqlite3_file* file, int flags) noexcept {
  LogWrites& self = of(file);
  const int code = self.flush(file);
  return code == SQLITE_OK ? self.real_->xSync(file, flags) : code;
}

int LogWrites::file_size(sqlite3_file* file, sqlite3_int64* size) noexcept {
  LogWrites& self = of(file);
  const int code = self.flush(file);
  return code == SQLITE_OK ? self.real_->xFileSize(file, size) : code;
}

int LogWrites::close(sqlite3_file* file) noexcept {
  LogWrites& self = of(file);
  self.discard();
  file->pMethods = self.real_;
  return self.real_->xClose(file);
}

}  // namespace sqlite
}  // namespace v0
}  // namespace vx11
