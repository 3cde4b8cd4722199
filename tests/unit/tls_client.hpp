#pragma once

/// \file
/// A blocking TLS client on OpenSSL alone, for what the transport does not do.

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tls_client {

using Session = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

inline int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect");
  }
  return fd;
}

/// Trusts any server, and offers its newest session again.
class TlsClient {
 public:
  explicit TlsClient(int version = TLS1_3_VERSION)
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient() { close(); }

  SSL_CTX* context() { return context_.get(); }
  SSL* connection() { return ssl_.get(); }

  /// The protocols that the client offers, with the length of each before it.
  void offer(std::string_view protocols) {
    SSL_CTX_set_alpn_protos(context_.get(),
                            reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
  }

  /// \return whether the handshake succeeded
  bool connect(int port) {
    close();
    fd_ = connect_to(port);
    ::send(fd_, first_bytes.data(), first_bytes.size(), MSG_NOSIGNAL);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd_);
    if (session_) SSL_set_session(ssl_.get(), session_.get());
    return SSL_connect(ssl_.get()) == 1;
  }

  /// Whether what is sent waits for more, to leave together.
  void hold_back(bool whether) {
    const int on = whether ? 1 : 0;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
  }
  void send(std::string_view bytes) {
    SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  /// What arrives until the peer closes; `is_whole` says whether it did so by close_notify.
  std::string read_all() {
    std::string all;
    char bytes[4096];
    int got = 0;
    while ((got = SSL_read(ssl_.get(), bytes, sizeof bytes)) > 0) {
      all.append(bytes, static_cast<std::size_t>(got));
    }
    is_whole = SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN;
    return all;
  }
  bool is_whole = false;
  std::string first_bytes = {};  ///< Sent before the session.

  bool is_resumed() { return SSL_session_reused(ssl_.get()) == 1; }
  std::string protocol() {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  /// Of the last connection, after something was read from it.
  void keep_session() { session_.reset(SSL_get1_session(ssl_.get())); }

 private:
  void close() {
    if (ssl_) SSL_shutdown(ssl_.get());
    ssl_.reset();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
  Session session_{nullptr, &SSL_SESSION_free};
  int fd_ = -1;
};

}  // namespace tls_client
