#pragma once

/// \file
/// Replaces a file as a whole: readers see the old text or the new one.

#include <vx11/result.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <filesystem>
#include <string>
#include <string_view>

struct stat;

namespace gateway {

/// The error of the last system call: `cannot WHAT "PATH": …`.
tl::unexpected<vx11::Error> failed(std::string_view what, const std::filesystem::path& path);

/// A file beside `target` that is removed unless it takes its place. Not thread-safe.
class Replacement {
 public:
  explicit Replacement(std::filesystem::path target);
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement();

  /// \param old its mode and owner are taken over; null: only the owner may read the file
  vx11::Result<void> write(std::string_view text, const struct stat* old);
  /// \param folder that of the target, opened
  vx11::Result<void> take_place(const vx11::socket_detail::Fd& folder);

 private:
  std::filesystem::path target_;
  std::string name_;
  vx11::socket_detail::Fd file_ = {};
  bool is_placed_ = false;
};

/// Locks `path`.lock until the descriptor is closed: the file itself, which is replaced, cannot
/// carry the lock. Creates the folder.
/// \param setting that another process should set to another path
vx11::Result<vx11::socket_detail::Fd> lock_beside(const std::string& path,
                                                  std::string_view setting);
/// Writes `text` in place of the file; only the owner may read it.
vx11::Result<void> replace_file(const std::filesystem::path& path, std::string_view text);

}  // namespace gateway
