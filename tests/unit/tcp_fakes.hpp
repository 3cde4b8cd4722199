#pragma once

/// Servers for tests: one that misbehaves as told, and a real redis-server.

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vx11::fakes {

/// A descriptor that is closed at the end.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A socket bound to a free port of the loopback address.
inline Socket bound_socket() {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(0);
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::system_error(errno, std::generic_category(), "bind");
  }
  return socket;
}

inline std::uint16_t port_of(const Socket& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// A port on which nobody listened a moment ago.
inline std::uint16_t free_port() {
  return port_of(bound_socket());
}

/// \return a connected socket, or an error in `errno` and a negative descriptor
inline int try_connect(std::uint16_t port, int flags = 0) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EINPROGRESS) {
    return fd;
  }
  ::close(fd);
  return -1;
}

/// One accepted connection of a `TcpServer`.
class Peer {
 public:
  Peer(int fd, const std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {}

  /// \return whether the client still listens
  bool send(std::string_view text) {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// What the client sent next; empty when it has gone or the server ends.
  std::string receive() {
    std::array<char, 4096> buffer;
    while (!stopping_) {
      pollfd waited{fd_, POLLIN, 0};
      if (::poll(&waited, 1, 5) <= 0) continue;
      const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
      return std::string(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    return {};
  }
  void wait_until_gone() {
    while (!receive().empty()) {
    }
  }
  /// Makes the close a reset.
  void reset_on_close() {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  bool stopping() const noexcept { return stopping_; }

 private:
  int fd_;
  const std::atomic<bool>& stopping_;
};

/// Serves one connection after the other by a function.
class TcpServer {
 public:
  using Serve = std::function<void(Peer&)>;

  explicit TcpServer(Serve serve) : socket_(bound_socket()), serve_(std::move(serve)) {
    ::listen(socket_.fd(), 16);
    thread_ = std::thread([this] { run(); });
  }
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;
  ~TcpServer() {
    stopping_ = true;
    thread_.join();
  }
  std::uint16_t port() const { return port_of(socket_); }

 private:
  void run() {
    while (!stopping_) {
      pollfd waited{socket_.fd(), POLLIN, 0};
      if (::poll(&waited, 1, 5) <= 0) continue;
      const Socket accepted(::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
      Peer peer(accepted.fd(), stopping_);
      serve_(peer);
    }
  }

  Socket socket_;
  Serve serve_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// A redis-server of its own, on a free port, with a directory of its own; ends with this object.
class RedisServer {
 public:
  explicit RedisServer(std::vector<std::string> extra = {}) {
    std::string pattern = (std::filesystem::temp_directory_path() / "redis-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = pattern;
    for (int attempt = 0; attempt < 5 && !is_up(); ++attempt) start(extra);
    if (!is_up()) throw std::runtime_error("redis-server does not start");
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() {
    stop();
    std::filesystem::remove_all(directory_);
  }

  std::uint16_t port() const noexcept { return port_; }
  /// `redis://` plus the credentials, the address, and the rest.
  std::string url(const std::string& credentials = "", const std::string& rest = "") const {
    return "redis://" + credentials + "127.0.0.1:" + std::to_string(port_) + rest;
  }
  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, -1), nullptr, 0);
  }

 private:
  bool is_up() const noexcept { return process_ > 0; }

  /// Another process may take the port in between; then the server ends and is tried anew.
  void start(const std::vector<std::string>& extra) {
    port_ = free_port();
    std::vector<std::string> words = {
        "redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1", "--dir", directory_,
        "--save",       "",       "--appendonly",        "no"};
    words.insert(words.end(), extra.begin(), extra.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) become(arguments.data());
    wait_until_it_listens();
  }

  [[noreturn]] static void become(char** arguments) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::execvp(arguments[0], arguments);
    ::_exit(127);
  }

  void wait_until_it_listens() {
    while (::waitpid(process_, nullptr, WNOHANG) == 0) {
      const int fd = try_connect(port_);
      if (fd >= 0) {
        ::close(fd);
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    process_ = -1;
  }

  std::string directory_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

}  // namespace vx11::fakes
