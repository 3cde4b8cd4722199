#pragma once

/// \file
/// Whether files have changed since they were read. Internal, and inline for all libraries.

#include <vx11/result.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace vx11 {
inline namespace v0 {
namespace files {

/// What changes with a file: all zero for one that is missing or cannot be looked up.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified = 0;  ///< In nanoseconds, as the next.
  std::int64_t changed = 0;   ///< Also by chmod and by a rename onto the path.
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

inline std::int64_t nanoseconds(const timespec& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline FileStamp stamp_of(const std::string& path) noexcept {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {.device = found.st_dev,
          .inode = found.st_ino,
          .size = found.st_size,
          .modified = nanoseconds(found.st_mtim),
          .changed = nanoseconds(found.st_ctim)};
}

/// Files that are read together, and again when one of them changes. Not thread-safe.
class FileWatch {
 public:
  explicit FileWatch(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  /// Call it before each reading, so that a change meanwhile is seen by `refresh`.
  void begin() {
    stamps_ = stamps();
    again_ = true;  // also if memory runs out in the reading
  }
  /// Call it after a reading that would have the same result again while no file changes.
  void settle() noexcept { again_ = false; }

  /// Calls `read`, which calls `begin` and perhaps `settle`, if a file has changed since the last
  /// reading, or if that was not settled. The error of a reading that is repeated has been returned
  /// before, and is left out.
  /// \return whether the files were read
  template <class Read>
  Result<bool> refresh(Read read) {
    const bool is_changed = stamps() != stamps_;
    if (!is_changed && !again_) return false;
    Result<void> result = read();
    if (result) return true;
    if (!is_changed) return false;
    return fail(std::move(result.error()));
  }

 private:
  std::vector<FileStamp> stamps() const {
    std::vector<FileStamp> all;
    for (const std::string& path : paths_) all.push_back(stamp_of(path));
    return all;
  }

  std::vector<std::string> paths_;
  std::vector<FileStamp> stamps_ = {};
  bool again_ = false;
};

}  // namespace files
}  // namespace v0
}  // namespace vx11
