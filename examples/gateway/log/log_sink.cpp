#include "gateway/log/log_sink.hpp"

#include <cerrno>
#include <cstddef>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gateway {

namespace {

bool takes_bytes(int fd) noexcept {
  pollfd asked{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&asked, 1, 0) == 1;
}

/// A pipe that does not block. A parent may share the descriptor, whose mode stays what it is.
int opened_anew(int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

}  // namespace

DescriptorSink::DescriptorSink(int fd) : fd_(fd) {
  struct stat file {};
  if (::fstat(fd, &file) != 0) return;
  if (S_ISFIFO(file.st_mode)) own_ = opened_anew(fd);
  is_socket_ = S_ISSOCK(file.st_mode);
  is_terminal_ = S_ISCHR(file.st_mode) || S_ISFIFO(file.st_mode);
}

DescriptorSink::~DescriptorSink() {
  if (own_ >= 0) ::close(own_);
}

void DescriptorSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  const bool has_begun = !is_torn_ || write_all("\n");
  const bool is_written = has_begun && write_all({line.data(), line.size()});
  (is_written ? written_ : lost_).fetch_add(1, std::memory_order_relaxed);
}

bool DescriptorSink::write_all(std::string_view text) noexcept {
  while (!text.empty()) {
    const long sent = write_some(text);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
    is_torn_ = !text.empty();
  }
  return true;
}

long DescriptorSink::write_some(std::string_view text) const noexcept {
  if (is_socket_) return ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (own_ >= 0) return ::write(own_, text.data(), text.size());
  if (is_terminal_ && !takes_bytes(fd_)) {
    errno = EAGAIN;
    return -1;
  }
  return ::write(fd_, text.data(), text.size());
}

}  // namespace gateway
