#pragma once

/// \file
/// An HTTPS server for tests: one exchange after the other, with a script for each connection.

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_http_server.hpp"
#include "tls_certificate.hpp"

namespace fake_tls_server {

/// The server's end of one connection over which TLS is spoken.
class TlsPeer {
 public:
  TlsPeer(SSL& tls, int index) : tls_(tls), index_(index) {}

  /// Of the connection, from 0.
  int index() const noexcept { return index_; }

  /// The host that the client named in its handshake (SNI); empty: none.
  std::string server_name() const {
    const char* const name = SSL_get_servername(&tls_, TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? std::string() : std::string(name);
  }

  /// The next request up to the end of its head; empty when the other side has gone.
  std::string read_head() {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n")) {
      if (SSL_read(&tls_, &byte, 1) != 1) return {};
      head += byte;
    }
    return head;
  }
  void send(std::string_view bytes) {
    SSL_write(&tls_, bytes.data(), static_cast<int>(bytes.size()));
  }
  /// Sends the TLS close_notify alert; without it the end is a truncation.
  void close_notify() { SSL_shutdown(&tls_); }

 private:
  SSL& tls_;
  int index_;
};

/// Serves one connection after the other on a free port of 127.0.0.1, or of ::1; a client that
/// fails the handshake is not counted.
class FakeTlsServer {
 public:
  using Script = std::function<void(TlsPeer&)>;

  FakeTlsServer(const tls_certificate::TlsCertificate& certificate, Script script,
                int family = AF_INET)
      : context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free),
        script_(std::move(script)),
        socket_(family) {
    if (SSL_CTX_use_certificate_file(context_.get(), certificate.file().c_str(),
                                     SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context_.get(), certificate.key_file().c_str(),
                                    SSL_FILETYPE_PEM) != 1 ||
        ::pipe(stop_) != 0) {
      throw std::runtime_error("no TLS");
    }
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    socket_.listen(16);
    thread_ = std::thread([this] { serve(); });
  }
  FakeTlsServer(const FakeTlsServer&) = delete;
  FakeTlsServer& operator=(const FakeTlsServer&) = delete;
  ~FakeTlsServer() {
    ::close(stop_[1]);
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      if (serving_ >= 0) ::shutdown(serving_, SHUT_RDWR);
    }
    thread_.join();
    ::close(stop_[0]);
  }

  std::string origin(const std::string& host = "127.0.0.1") const {
    return "https://" + host + ":" + std::to_string(socket_.port());
  }
  int port() const noexcept { return socket_.port(); }
  /// From now on a client has to send a certificate of the PEM file `trusted`.
  void require_client(const std::string& trusted) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    if (SSL_CTX_load_verify_locations(context_.get(), trusted.c_str(), nullptr) != 1) {
      throw std::runtime_error("no client certificates");
    }
  }
  /// Connections with a completed handshake.
  int connections() const noexcept { return connections_; }

 private:
  void serve() {
    pollfd fds[] = {{socket_.fd(), POLLIN, 0}, {stop_[0], POLLIN, 0}};
    while (::poll(fds, 2, -1) >= 0 && fds[1].revents == 0) {
      const int fd = ::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      if (now_serving(fd)) serve_one(fd);
      now_serving(-1);
      ::close(fd);
    }
  }
  /// \return whether the server is not stopping
  bool now_serving(int fd) {
    const std::lock_guard lock(mutex_);
    serving_ = fd;
    return !stopping_;
  }
  void serve_one(int fd) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context_.get()), &SSL_free);
    SSL_set_fd(tls.get(), fd);
    if (SSL_accept(tls.get()) != 1) return;
    TlsPeer peer(*tls, connections_++);
    script_(peer);
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  Script script_;
  fake_http_server::LocalSocket socket_;
  int stop_[2] = {-1, -1};
  std::mutex mutex_;
  int serving_ = -1;
  bool stopping_ = false;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace fake_tls_server
