#include <vx11/socket/detail/address.hpp>
#include <vx11/socket/detail/tcp.hpp>
#include <vx11/socket/detail/tls.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <new>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "socket/openssl.hpp"
#include "socket/tls_impl.hpp"

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

namespace {

/// The socket below a session.
struct Wire {
  int fd = -1;
  bool drained = false;  ///< The last receive returned all that was there.
};

Wire& wire_of(BIO* bio) noexcept {
  return *static_cast<Wire*>(BIO_get_data(bio));
}

int write_to(BIO* bio, const char* bytes, int size) noexcept {
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(wire_of(bio).fd, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && would_block(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_from(BIO* bio, char* into, int size) noexcept {
  BIO_clear_retry_flags(bio);
  Wire& wire = wire_of(bio);
  const auto got = ::recv(wire.fd, into, static_cast<std::size_t>(size), 0);
  wire.drained = got < size;
  if (got < 0 && would_block(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long control(BIO*, int command, long, void*) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// A BIO without SIGPIPE: OpenSSL's own socket BIOs raise it when the peer has closed, which a
/// library must not.
BIO* socket_without_signals(Wire& wire) {
  static const OpensslPtr<BIO_METHOD, &BIO_meth_free> method = [] {
    OpensslPtr<BIO_METHOD, &BIO_meth_free> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "vx11 socket"));
    if (!made) throw std::bad_alloc();
    BIO_meth_set_write(made.get(), &write_to);
    BIO_meth_set_read(made.get(), &read_from);
    BIO_meth_set_ctrl(made.get(), &control);
    return made;
  }();
  BIO* const bio = BIO_new(method.get());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &wire);
  BIO_set_init(bio, 1);
  return bio;
}

/// The identity that the peer has to prove.
bool expect(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (Address::parse(host, 0)) return X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

int clamped(std::size_t size) noexcept {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

TlsSession::Step step_of(const SSL* ssl, int result) noexcept {
  if (result > 0) return {TlsSession::Then::done, static_cast<std::size_t>(result)};
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return TlsSession::Then::wait_readable;
    case SSL_ERROR_WANT_WRITE:
      return TlsSession::Then::wait_writable;
    case SSL_ERROR_ZERO_RETURN:
      return TlsSession::Then::ended;
    default:
      return TlsSession::Then::failed;
  }
}

/// OpenSSL's own callback asks for the password at the terminal.
int no_password(char*, int, int, void*) noexcept {
  return 0;
}

}  // namespace

TlsContext::Impl::Impl(const SSL_METHOD* method) : context(SSL_CTX_new(method)) {
  if (!context) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // A retried write has the same bytes, but perhaps at another address. An idle session needs no
  // buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
}

Result<> check_size(const std::string& file, const std::string& what) {
  constexpr off_t kMost = off_t{16} * 1024 * 1024;
  struct stat found {};
  if (file.empty() || ::stat(file.c_str(), &found) != 0) return {};  // reading it says why
  if (found.st_size <= kMost && !S_ISCHR(found.st_mode)) return {};
  return fail(Errc::invalid_argument,
              "the file of " + what + " is larger than 16 MiB; it is probably another one");
}

Result<> identify(SSL_CTX* context, const std::string& file, const std::string& key_file,
                  const std::string& what) {
  if (file.empty() || key_file.empty()) {
    return fail(Errc::invalid_argument, what + " and its key need each other");
  }
  if (auto checked = check_size(file, what); !checked) return checked;
  if (auto checked = check_size(key_file, "the key of " + what); !checked) return checked;
  SSL_CTX_set_default_passwd_cb(context, &no_password);
  if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) != 1) {
    return fail(Errc::invalid_argument, what + " cannot be read as PEM");
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(Errc::invalid_argument, "the key of " + what +
                                            " cannot be read as PEM without a password, or "
                                            "belongs to another certificate");
  }
  return {};
}

TlsContext::TlsContext(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const std::string& ca_file,
                                                           const ClientCertificate& own,
                                                           const std::vector<std::string>& pins) {
  auto pinned = TlsPins::parse(pins);
  if (!pinned) return fail(std::move(pinned.error()));
  auto impl = std::make_unique<Impl>(TLS_client_method());
  SSL_CTX* const context = impl->context.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  impl->pins = *std::move(pinned);
  impl->pins.require_in(context);
  if (auto checked = check_size(ca_file, "the trusted certificates"); !checked) {
    return fail(std::move(checked.error()));
  }
  const int loaded = ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context)
                         : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr);
  const bool is_anonymous = own.file.empty() && own.key_file.empty();
  const Result<> identified =
      is_anonymous ? Result<>()
                   : identify(context, own.file, own.key_file, "the client certificate");
  ERR_clear_error();
  if (loaded != 1) {
    return fail(Errc::invalid_argument, "the trusted certificates cannot be read");
  }
  if (!identified) return fail(identified.error());
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

struct TlsSession::Impl {
  Impl(std::shared_ptr<const TlsContext> shared, SSL_CTX* made_of, int fd)
      : context(std::move(shared)), wire{.fd = fd}, ssl(SSL_new(made_of)) {
    if (!ssl) throw std::bad_alloc();
    BIO* const bio = socket_without_signals(wire);
    SSL_set_bio(ssl.get(), bio, bio);
  }
  std::shared_ptr<const TlsContext> context;
  Wire wire;
  OpensslPtr<SSL, &SSL_free> ssl;
  bool may_begin = true;
  bool met_plain_http = false;
};

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int fd, const std::string& host) {
  SSL_CTX* const made_of = context->impl_->context.get();
  impl_ = std::make_unique<Impl>(std::move(context), made_of, fd);
  impl_->may_begin = expect(impl_->ssl.get(), host);
  SSL_set_connect_state(impl_->ssl.get());
}

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int fd) {
  SSL_CTX* const made_of = context->impl_->context.get();
  impl_ = std::make_unique<Impl>(std::move(context), made_of, fd);
  SSL_set_accept_state(impl_->ssl.get());
}

TlsSession::~TlsSession() = default;

TlsSession::Step TlsSession::handshake() noexcept {
  if (!impl_->may_begin) return Then::failed;
  ERR_clear_error();
  const Step step = step_of(impl_->ssl.get(), SSL_do_handshake(impl_->ssl.get()));
  impl_->met_plain_http = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
  return step;
}

TlsSession::Step TlsSession::read(char* into, std::size_t size) noexcept {
  ERR_clear_error();
  impl_->wire.drained = false;  // of an earlier read: bytes may have arrived since
  return step_of(impl_->ssl.get(), SSL_read(impl_->ssl.get(), into, clamped(size)));
}

TlsSession::Step TlsSession::write(std::string_view bytes) noexcept {
  ERR_clear_error();
  return step_of(impl_->ssl.get(),
                 SSL_write(impl_->ssl.get(), bytes.data(), clamped(bytes.size())));
}

bool TlsSession::pending() const noexcept {
  return SSL_has_pending(impl_->ssl.get()) == 1;
}

bool TlsSession::drained() const noexcept {
  return impl_->wire.drained;
}

void TlsSession::close_notify() noexcept {
  SSL* const ssl = impl_->ssl.get();
  const bool is_sent = (SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN) != 0;
  if (is_sent || SSL_is_init_finished(ssl) != 1) return;
  ERR_clear_error();
  SSL_shutdown(ssl);
}

std::string TlsSession::peer_name() const {
  const SSL* const ssl = impl_->ssl.get();
  const X509* const certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) return {};
  return name_of(*certificate);
}

bool TlsSession::met_plain_http() const noexcept {
  return impl_->met_plain_http;
}

Error TlsSession::handshake_error() const {
  const long verified = SSL_get_verify_result(impl_->ssl.get());
  if (is_pin_error(verified)) {
    return Error(Errc::unreachable, "the key of the certificate is none of the pinned ones");
  }
  if (verified != X509_V_OK) {
    return Error(Errc::unreachable, "the certificate is not trusted");
  }
  return Error(Errc::unreachable, "TLS handshake failed");
}

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
