#pragma once

/// \file
/// Reads token files from disk. Internal.

#include <vx11/result.hpp>

#include <compare>
#include <cstdint>
#include <string>

namespace vx11 {
inline namespace v0 {

/// What changes with a file: all zero for one that is missing or cannot be looked up.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified = 0;  ///< In nanoseconds, as the next.
  std::int64_t changed = 0;   ///< Also by chmod and by a rename onto the path.
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
FileStamp stamp_of(const std::string& path) noexcept;

/// The text of a regular file that only its owner may write, of at most 16 MiB.
/// \return `storage`, or `invalid_argument` for a file of another kind; both name the path
Result<std::string> token_file_text(const std::string& path);

}  // namespace v0
}  // namespace vx11
