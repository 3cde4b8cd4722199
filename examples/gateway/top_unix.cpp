#include "top_unix.hpp"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace gateway {

namespace {

using vx11::Result;

constexpr std::size_t kMostBytes = std::size_t{64} * 1024 * 1024;

/// A connection, closed at its end.
class Connection {
 public:
  Connection() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const noexcept { return fd_; }

 private:
  const int fd_;
};

vx11::Error failed(const std::string& socket) {
  const int error = errno == EAGAIN ? ETIMEDOUT : errno;
  return vx11::Error(vx11::Errc::unreachable,
                     fmt::format("{}: {}", socket, std::generic_category().message(error)));
}

void set_limit(int fd, vx11::Duration limit) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limit);
  const timeval time{.tv_sec = seconds.count(), .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

bool connect_to(int fd, const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::memcpy(address.sun_path, socket.data(), socket.size());
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool read_to_end(int fd, std::string& into) {
  char piece[16 * 1024];
  for (;;) {
    const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
    if (got == 0) return true;
    if (got < 0) return false;
    into.append(piece, static_cast<std::size_t>(got));
    if (into.size() > kMostBytes) {
      errno = EMSGSIZE;
      return false;
    }
  }
}

/// `HTTP/1.1 200 OK`, fields, an empty line, and the body.
Result<vx11::HttpResponse> response_in(const std::string& text) {
  const std::size_t body = text.find("\r\n\r\n");
  const std::size_t space = text.find(' ');
  vx11::HttpResponse response;
  if (!text.starts_with("HTTP/1.") || body == text.npos ||
      std::from_chars(text.data() + space + 1, text.data() + body, response.status).ec !=
          std::errc()) {
    return vx11::fail(vx11::Errc::invalid_reply, "the answer is not HTTP");
  }
  response.body = text.substr(body + 4);
  return response;
}

}  // namespace

Result<vx11::HttpResponse> get_over_unix(const std::string& socket, const std::string& path,
                                         const std::string& header, vx11::Duration limit) {
  const Connection connection;
  if (connection.fd() < 0) return vx11::fail(failed(socket));
  set_limit(connection.fd(), limit);
  std::string answer;
  const std::string request =
      fmt::format("GET {} HTTP/1.0\r\nHost: localhost\r\n{}\r\n", path, header);
  if (!connect_to(connection.fd(), socket) || !send_all(connection.fd(), request) ||
      !read_to_end(connection.fd(), answer)) {
    return vx11::fail(failed(socket));
  }
  return response_in(answer);
}

}  // namespace gateway
