#pragma once

/// \file
/// An HTTP server for tests that plays a script, down to the byte and the RST.
///
/// It listens on a free port of 127.0.0.1, gives every connection a thread and a `Peer`, and calls
/// the script with it. Everything it waits for ends when the server is destroyed.

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace fake_http_server {

/// A socket bound to a free port of 127.0.0.1. Until `listen`, connecting to it is refused.
class LocalSocket {
 public:
  explicit LocalSocket(int family = AF_INET)
      : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    family == AF_INET6 ? bind_v6() : bind_v4();
  }
  LocalSocket(const LocalSocket&) = delete;
  LocalSocket& operator=(const LocalSocket&) = delete;
  ~LocalSocket() { ::close(fd_); }

  void listen(int backlog) const { ::listen(fd_, backlog); }
  /// Connects to another port of 127.0.0.1.
  /// \return whether something accepts there
  bool connect_to(int port) const {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<in_port_t>(port));
    return ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  }
  /// Sends a few bytes to where it has connected.
  void send(std::string_view bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
      throw std::runtime_error("nothing sent");
    }
  }
  int fd() const noexcept { return fd_; }
  int port() const noexcept { return port_; }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void bind_v4() {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind_to(at);
    port_ = ntohs(at.sin_port);
  }
  void bind_v6() {
    sockaddr_in6 at = {};
    at.sin6_family = AF_INET6;
    at.sin6_addr = in6addr_loopback;
    bind_to(at);
    port_ = ntohs(at.sin6_port);
  }
  template <class Address>
  void bind_to(Address& at) const {
    socklen_t size = sizeof at;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      throw std::runtime_error("no port");
    }
  }

  int fd_;
  int port_ = 0;
};

/// A port on which connecting hangs: the listener's queue is full and it never accepts.
class SilentPort {
 public:
  SilentPort() {
    socket_.listen(0);
    for (int& fd : queue_) {
      fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      sockaddr_in at = {};
      at.sin_family = AF_INET;
      at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      at.sin_port = htons(static_cast<in_port_t>(socket_.port()));
      (void)::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at);
    }
  }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  ~SilentPort() {
    for (const int fd : queue_) ::close(fd);
  }
  std::string origin() const { return socket_.origin(); }
  int port() const noexcept { return socket_.port(); }

 private:
  LocalSocket socket_;
  int queue_[4] = {};
};

/// The server's end of one connection.
class Peer {
 public:
  Peer(int fd, int stop, int index) : fd_(fd), stop_(stop), index_(index) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { close(); }

  /// Of the connection, from 0.
  int index() const noexcept { return index_; }

  /// The next request with as much body as it declares; empty when the other side has gone.
  std::string read_request() {
    std::string request;
    std::size_t end = std::string::npos;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return {};
    }
    end += 4 + declared_length(unread_.substr(0, end));
    while (unread_.size() < end) {
      if (!fill()) return {};
    }
    request = unread_.substr(0, end);
    unread_.erase(0, end);
    return request;
  }

  /// Some bytes, for what is not HTTP; empty when the other side has gone.
  std::string read_some() {
    fill();
    return std::exchange(unread_, {});
  }

  /// \return whether the other side was still there
  bool send(std::string_view bytes) {
    while (!bytes.empty() && wait(POLLOUT)) {
      const ssize_t put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put < 0 && errno == EAGAIN) continue;
      if (put < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return bytes.empty();
  }

  /// One byte every few milliseconds until the peer has closed.
  void trickle(std::string_view bytes) {
    for (std::size_t i = 0; fd_ >= 0; ++i) {
      pollfd stop = {stop_, POLLIN, 0};
      if (::poll(&stop, 1, 2) != 0 || !send(bytes.substr(i % bytes.size(), 1))) return;
    }
  }

  /// Until the peer has closed; reads and discards what it sends.
  void hang() {
    while (fill()) unread_.clear();
  }
  /// Until the peer has closed, without reading: what it sends fills the buffers.
  void ignore() { wait(POLLRDHUP); }

  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  /// Closes with an RST instead of a FIN.
  void reset() {
    const linger now = {1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  bool wait(short events) const {
    pollfd fds[] = {{fd_, events, 0}, {stop_, POLLIN, 0}};
    while (::poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    return fds[1].revents == 0;
  }

  bool fill() {
    char bytes[16384];
    if (fd_ < 0 || !wait(POLLIN)) return false;
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    unread_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  static std::size_t declared_length(const std::string& head) {
    const auto at = head.find("\r\nContent-Length: ");
    return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 18, nullptr, 10);
  }

  int fd_;
  int stop_;
  int index_;
  std::string unread_ = {};
};

using Script = std::function<void(Peer&)>;

class FakeHttpServer {
 public:
  /// `script` is called once per connection, on a thread of its own, many at once.
  explicit FakeHttpServer(Script script) : script_(std::move(script)) {
    if (::pipe(stop_) != 0) throw std::runtime_error("no pipe");
    socket_.listen(64);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  /// Answers every request of every connection with `answer`.
  explicit FakeHttpServer(std::string answer)
      : FakeHttpServer(Script([this, answer = std::move(answer)](Peer& peer) {
          while (!next(peer).empty() && peer.send(answer)) {
          }
        })) {}
  FakeHttpServer(const FakeHttpServer&) = delete;
  FakeHttpServer& operator=(const FakeHttpServer&) = delete;
  ~FakeHttpServer() {
    ::close(stop_[1]);
    acceptor_.join();
    for (std::thread& each : threads_) each.join();
    ::close(stop_[0]);
  }

  std::string origin() const { return socket_.origin(); }
  int port() const { return socket_.port(); }

  /// Reads the next request of a connection and remembers it. For scripts.
  std::string next(Peer& peer) {
    std::string request = peer.read_request();
    const std::lock_guard lock(mutex_);
    if (!request.empty()) requests_.push_back(request);
    return request;
  }
  /// Every request that was read by `next`, as it came.
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  int connections() const noexcept { return connections_; }

 private:
  void accept_all() {
    pollfd fds[] = {{socket_.fd(), POLLIN, 0}, {stop_[0], POLLIN, 0}};
    while (::poll(fds, 2, -1) >= 0 || errno == EINTR) {
      if (fds[1].revents != 0) return;
      const int fd = ::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      const int index = connections_++;
      threads_.emplace_back([this, fd, index] {
        Peer peer(fd, stop_[0], index);
        script_(peer);
      });
    }
  }

  LocalSocket socket_;
  Script script_;
  int stop_[2] = {-1, -1};
  std::atomic<int> connections_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_ = {};
  std::list<std::thread> threads_ = {};
  std::thread acceptor_;
};

/// A well-formed answer with a length.
inline std::string answer_of(std::string_view body, std::string_view status = "200 OK",
                             std::string_view more_headers = {}) {
  std::string text = "HTTP/1.1 ";
  text.append(status).append("\r\n").append(more_headers);
  text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  return text.append(body);
}

}  // namespace fake_http_server
