#include "net/server/socket_file.hpp"

#include <vx11/socket/detail/tcp.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

using socket_detail::Fd;

namespace {

sockaddr_un address_of(const std::string& path) noexcept {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) noexcept {
  return reinterpret_cast<const sockaddr*>(&address);
}

Fd open_socket() noexcept {
  return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Error cannot_listen(const std::string& path, std::string_view why, Errc code) {
  return Error(code, fmt::format("cannot listen on unix:{}: {}", path, why));
}

Error system_error(const std::string& path, int error) {
  const bool shortage = socket_detail::is_shortage(error);
  return cannot_listen(path, std::generic_category().message(error),
                       shortage ? Errc::exhausted : Errc::address_unavailable);
}

/// Keeps other servers from replacing a file in the same directory meanwhile. A directory that
/// cannot be opened, or whose lock others hold for a second, is not locked: then one that starts at
/// the same moment may win unnoticed.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    const std::string name = parent.empty() ? "." : parent.string();
    directory_ = Fd(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int tries = 0; directory_ && tries < kTries; ++tries) {
      if (::flock(directory_.get(), LOCK_EX | LOCK_NB) == 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

 private:
  static constexpr int kTries = 100;

  Fd directory_;
};

/// Removes the socket of a server that has ended. Only a listening stream socket accepts, or says
/// that its queue is full; one that is refused has no server any more.
Result<void> make_place(const std::string& path) {
  struct stat found = {};
  if (::lstat(path.c_str(), &found) != 0) return {};  // `bind` has the reason if it is not absence
  if (!S_ISSOCK(found.st_mode)) {
    return fail(cannot_listen(path,
                              "a file that is no socket is there; delete it or take another "
                              "path",
                              Errc::address_unavailable));
  }
  const Fd probe = open_socket();
  if (!probe) return fail(system_error(path, errno));
  const sockaddr_un address = address_of(path);
  if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN) {
    return fail(cannot_listen(path, "another server listens there; stop it or take another path",
                              Errc::address_unavailable));
  }
  if (errno == ENOENT) return {};
  if (errno != ECONNREFUSED) return fail(system_error(path, errno));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(system_error(path, errno));
  return {};
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat found = {};
  if (::lstat(path_.c_str(), &found) != 0) path_.clear();
  device_ = found.st_dev;
  inode_ = found.st_ino;
}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

void SocketFile::remove() noexcept {
  if (path_.empty()) return;
  struct stat found = {};
  const bool is_ours =
      ::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_;
  if (is_ours) ::unlink(path_.c_str());
  path_.clear();
}

/// The system refuses connections before `listen`, so the permissions are in force from the first
/// connection.
Result<UnixListener> listen_unix(const std::string& path, mode_t mode, int backlog) {
  const DirectoryLock lock(path);
  if (auto place = make_place(path); !place) return fail(std::move(place.error()));
  UnixListener made{.socket = open_socket()};
  if (!made.socket) return fail(system_error(path, errno));
  const sockaddr_un address = address_of(path);
  if (::bind(made.socket.get(), generic(address), sizeof address) != 0) {
    return fail(system_error(path, errno));
  }
  made.file = SocketFile(path);
  if (::chmod(path.c_str(), mode) != 0 || ::listen(made.socket.get(), backlog) != 0) {
    return fail(system_error(path, errno));
  }
  return made;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
