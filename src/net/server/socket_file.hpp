#pragma once

/// \file
/// The file of a Unix-domain socket that listens. Internal.

#include <vx11/result.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <string>
#include <utility>

#include <sys/types.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Owns the file, and removes it unless something else has its place by then. Move-only.
class SocketFile {
 public:
  SocketFile() = default;
  /// Notes which file the path leads to at present.
  explicit SocketFile(std::string path);
  SocketFile(SocketFile&& other) noexcept
      : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}
  SocketFile& operator=(SocketFile&& other) noexcept;
  ~SocketFile() { remove(); }

  void remove() noexcept;

 private:
  std::string path_ = {};  ///< Empty: none.
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// A listening socket and its file.
struct UnixListener {
  socket_detail::Fd socket = {};
  SocketFile file = {};
};

/// Listens at `path`, whose length is checked. The file of a server that has ended is replaced.
/// \return `address_unavailable` if a server listens there, another file is there, or the system
///         refuses; `exhausted` if it is out of descriptors or memory
Result<UnixListener> listen_unix(const std::string& path, mode_t mode, int backlog);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
