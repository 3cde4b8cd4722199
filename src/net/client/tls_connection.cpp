#include "net/client/tls_connection.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <boost/asio/ip/address.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* owned) const noexcept {
    Free(owned);
  }
};
using Context = std::unique_ptr<SSL_CTX, Freed<&SSL_CTX_free>>;
using Method = std::unique_ptr<BIO_METHOD, Freed<&BIO_meth_free>>;

int fd_of(BIO* bio) noexcept {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool would_block() noexcept {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

int write_to(BIO* bio, const char* bytes, int size) noexcept {
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(fd_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && would_block()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_from(BIO* bio, char* into, int size) noexcept {
  BIO_clear_retry_flags(bio);
  const auto got = ::recv(fd_of(bio), into, static_cast<std::size_t>(size), 0);
  if (got < 0 && would_block()) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long control(BIO*, int command, long, void*) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// OpenSSL's own sockets raise SIGPIPE when the peer has gone; a library must not.
BIO* socket_without_signals(int fd) {
  static const Method method = [] {
    Method made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "vx11 socket"));
    BIO_meth_set_write(made.get(), &write_to);
    BIO_meth_set_read(made.get(), &read_from);
    BIO_meth_set_ctrl(made.get(), &control);
    return made;
  }();
  BIO* const bio = BIO_new(method.get());
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  return bio;
}

bool is_address(const std::string& host) {
  boost::system::error_code not_numeric;
  boost::asio::ip::make_address(host, not_numeric);
  return !not_numeric;
}

int clamped(std::size_t size) noexcept {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

}  // namespace

class TlsContext {
 public:
  TlsContext() : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(get(), SSL_VERIFY_PEER, nullptr);
    // A write that has to be tried again is tried with the same bytes at perhaps another place.
    SSL_CTX_set_mode(get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  SSL_CTX* get() const noexcept { return context_.get(); }

 private:
  Context context_;
};

struct TlsConnection::Tls {
  Tls(int fd, std::shared_ptr<TlsContext> shared, const std::string& host)
      : context(std::move(shared)), ssl(SSL_new(context->get())) {
    BIO* const bio = socket_without_signals(fd);
    SSL_set_bio(ssl.get(), bio, bio);
    if (is_address(host)) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
    } else {
      SSL_set1_host(ssl.get(), host.c_str());
      SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    }
    SSL_set_connect_state(ssl.get());
  }

  std::shared_ptr<TlsContext> context;
  std::unique_ptr<SSL, Freed<&SSL_free>> ssl;
};

Result<std::shared_ptr<TlsContext>> make_tls_context(const std::string& ca_file) {
  auto context = std::make_shared<TlsContext>();
  const int loaded = ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context->get())
                         : SSL_CTX_load_verify_locations(context->get(), ca_file.c_str(), nullptr);
  if (loaded != 1) return fail(Errc::unreachable, "cannot read the certificate authorities");
  return context;
}

TlsConnection::TlsConnection(Loop& loop, Socket socket, OriginPool& executor,
                             std::shared_ptr<TlsContext> context)
    : UpstreamConnection(loop, std::move(socket), executor),
      tls_(std::make_unique<Tls>(this->socket(), std::move(context), executor.origin().host)) {}

TlsConnection::~TlsConnection() = default;

Task<Result<void>> TlsConnection::handshake() {
  const auto self = shared_from_this();
  while (close_reason() == CloseReason::none) {
    ERR_clear_error();
    const int done = SSL_do_handshake(tls_->ssl.get());
    if (done == 1) co_return Result<void>();
    const int why = SSL_get_error(tls_->ssl.get(), done);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) break;
    auto changed = wait_event();
    co_await changed;
  }
  if (close_reason() == CloseReason::overdue)
    co_return fail(Errc::timeout, "TLS handshake timeout");
  if (close_reason() == CloseReason::aborted)
    co_return fail(Errc::cancelled, "the caller went away");
  co_return fail(Errc::unreachable, "TLS handshake failed");
}

Channel::IoResult TlsConnection::try_read(char* into, std::size_t size) noexcept {
  ERR_clear_error();
  const int got = SSL_read(tls_->ssl.get(), into, clamped(size));
  if (got > 0) return {IoResult::Then::perhaps_more, static_cast<std::size_t>(got)};
  switch (SSL_get_error(tls_->ssl.get(), got)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return IoResult::Then::would_block;
    case SSL_ERROR_ZERO_RETURN:
      return IoResult::Then::ended;
    default:
      return IoResult::Then::failed;
  }
}

Channel::IoResult TlsConnection::try_write(std::string_view bytes) noexcept {
  ERR_clear_error();
  const int sent = SSL_write(tls_->ssl.get(), bytes.data(), clamped(bytes.size()));
  if (sent > 0) return {IoResult::Then::perhaps_more, static_cast<std::size_t>(sent)};
  switch (SSL_get_error(tls_->ssl.get(), sent)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return IoResult::Then::would_block;
    default:
      return IoResult::Then::failed;
  }
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
