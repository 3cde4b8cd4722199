#pragma once

/// \file
/// Files and folders that only their owner can use. Internal.

#include <vx11/result.hpp>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include <sys/stat.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

inline tl::unexpected<Error> fail_with_errno(int error) {
  return fail(Errc::storage, std::generic_category().message(error));
}

/// Creates the missing folders of `folder`, accessible to their owner alone.
/// \return errno, or 0.
inline int make_private_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return 0;
  if (const int error = make_private_folder(folder.parent_path())) return error;
  return mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST ? 0 : errno;
}

/// Creates an empty file at `path`, accessible to its owner alone; an existing one is left as it
/// is.
/// \return `storage` if there is none afterwards, or `path` is not a file.
inline Result<void> ensure_private_file(const std::filesystem::path& path) {
  if (const int error = make_private_folder(path.parent_path())) return fail_with_errno(error);
  // Without opening it: closing a file releases the POSIX locks that other connections of this
  // process hold on it, which SQLite relies on.
  if (mknod(path.c_str(), S_IFREG | S_IRUSR | S_IWUSR, 0) != 0 && errno != EEXIST) {
    return fail_with_errno(errno);
  }
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0) return fail_with_errno(errno);
  if (!S_ISREG(found.st_mode)) return fail(Errc::storage, "not a regular file");
  return {};
}

/// Takes away what the group and others may do with a file; one that does not exist is fine.
inline Result<void> restrict_to_owner(const std::filesystem::path& path) {
  constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0 || (found.st_mode & kOthers) == 0) return {};
  if (chmod(path.c_str(), found.st_mode & 07777U & ~kOthers) == 0) return {};
  return fail(Errc::storage,
              path.string() + " is accessible to other users, and its mode cannot be changed (" +
                  std::generic_category().message(errno) + "); its owner can, with chmod 600");
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
