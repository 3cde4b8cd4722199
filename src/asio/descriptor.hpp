#pragma once

/// \file
/// `Descriptor`: one of the system's open files, closed with its owner. Internal.

#include <utility>

#include <unistd.h>

namespace vx11::inline v0::asio_detail {

/// Owns a file descriptor, or none.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  /// Takes over `number`; a negative one, as system calls return it, is none.
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int number() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }
  void close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

/// A connected or connecting TCP socket that does not block.
using Socket = Descriptor;

}  // namespace vx11::inline v0::asio_detail
