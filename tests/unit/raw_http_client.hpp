#pragma once

/// \file
/// An HTTP client for tests that sends arbitrary bytes and returns the answer.

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace raw_http_client {

/// An answer as text, its body reassembled. Everything is empty if the peer has closed.
struct Answer {
  int status = 0;
  std::string head = {};
  std::string body = {};
};

/// One connection to a port of 127.0.0.1, or to a Unix-domain socket. Gives up waiting after ten
/// seconds.
class RawHttpClient {
 public:
  explicit RawHttpClient(int port, const char* own_address = "127.0.0.1")
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<in_port_t>(port));
    sockaddr_in from = {};
    from.sin_family = AF_INET;
    ::inet_pton(AF_INET, own_address, &from.sin_addr);
    be_patient();
    const int on = 1;  // each piece is a segment, and none waits for an acknowledgement
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0 ||
        ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      ::close(fd_);
      throw std::runtime_error("no server listens");
    }
  }
  explicit RawHttpClient(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un to = {};
    to.sun_family = AF_UNIX;
    std::strncpy(to.sun_path, path.c_str(), sizeof to.sun_path - 1);
    be_patient();
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      ::close(fd_);
      throw std::runtime_error("no server listens");
    }
  }
  RawHttpClient(RawHttpClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        timed_out_(other.timed_out_),
        unread_(std::move(other.unread_)) {}
  ~RawHttpClient() { ::close(fd_); }

  /// Sends as much as the peer accepts.
  /// \return whether that is all
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }
  void end_sending() const { ::shutdown(fd_, SHUT_WR); }
  /// From now on, closing sends an RST.
  void reset_on_close() const {
    const linger now = {1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

  /// The next answer, by its length, its chunks or the end of the connection.
  Answer read_answer() {
    Answer answer;
    answer.head = take_until("\r\n\r\n");
    if (answer.head.size() < 12) return {};
    answer.status = std::atoi(answer.head.c_str() + 9);
    if (has(answer.head, "transfer-encoding: chunked")) {
      while (const auto size = std::strtoul(take_until("\r\n").c_str(), nullptr, 16)) {
        answer.body += take(size);
        take(2);
      }
      take(2);
    } else {
      const auto at = lower(answer.head).find("content-length: ");
      answer.body = at == std::string::npos
                        ? read_all()
                        : take(std::strtoul(answer.head.c_str() + at + 16, nullptr, 10));
    }
    return answer;
  }
  /// The head of the next interim answer (1xx).
  std::string read_interim() { return take_until("\r\n\r\n"); }
  /// The next bytes; fewer at the end of the connection.
  std::string read_bytes(std::size_t size) { return take(size); }
  /// Everything up to the end of the connection.
  std::string read_all() {
    while (fill()) {
    }
    return std::exchange(unread_, {});
  }
  /// Whether the other side ends the connection without another byte.
  bool is_ended() { return unread_.empty() && !fill() && !timed_out_; }

  static bool has(const std::string& head, std::string_view what) {
    return lower(head).find(what) != std::string::npos;
  }

 private:
  void be_patient() const {
    const timeval patience = {10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  static std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  }
  std::string take_until(std::string_view end) {
    std::size_t at = 0;
    while ((at = unread_.find(end)) == std::string::npos) {
      if (!fill()) return {};
    }
    return take(at + end.size());
  }
  std::string take(std::size_t size) {
    while (unread_.size() < size && fill()) {
    }
    std::string taken = unread_.substr(0, size);
    unread_.erase(0, size);
    return taken;
  }
  bool fill() {
    char bytes[16384];
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    timed_out_ = got < 0 && errno == EAGAIN;
    if (got <= 0) return false;
    unread_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  bool timed_out_ = false;
  std::string unread_ = {};
};

}  // namespace raw_http_client
