#pragma once

/// \file
/// `Fd`: an owned file descriptor. Internal to code that opens sockets.

#include <utility>

#include <unistd.h>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// Owns a file descriptor, or none (also for the -1 of a failed system call). Movable, not
/// thread-safe.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { close(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
