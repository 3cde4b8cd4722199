#pragma once

/// \file
/// TLS around a channel, by OpenSSL, where cpp-httplib is built with it. Internal to
/// `vx11/httplib.hpp`.

#include <vx11/httplib/detail/channel.hpp>
#include <vx11/httplib/detail/dial.hpp>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include <httplib.h>

#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#endif

namespace vx11 {
inline namespace v0 {
namespace detail {

/// Turns a plain channel into a secure one. Thread-safe.
class Securer {
 public:
  Securer() = default;
  Securer(const Securer&) = delete;
  Securer& operator=(const Securer&) = delete;
  virtual ~Securer() = default;
  virtual Result<std::unique_ptr<Channel>> secure(std::unique_ptr<Channel> plain,
                                                  const Origin& origin,
                                                  const DeadlineWaiter& waiter) = 0;
};

#ifdef CPPHTTPLIB_OPENSSL_SUPPORT

/// TLS over another channel. OpenSSL sees memory only: so every wait is the channel's, with its
/// deadline, and no write of OpenSSL's can raise SIGPIPE.
class TlsChannel final : public Channel {
 public:
  TlsChannel(std::unique_ptr<Channel> wire, SSL_CTX& context)
      : wire_(std::move(wire)), ssl_(SSL_new(&context), &SSL_free) {
    if (ssl_) SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  }

  /// Shakes hands with a peer that proves to be `host`.
  Result<void> connect(const std::string& host, const DeadlineWaiter& waiter) {
    if (!ssl_ || !expect(host)) return fail(Errc::unreachable, "TLS could not be set up");
    SSL_set_connect_state(ssl_.get());
    const auto shaken = drive(waiter, [this] { return SSL_do_handshake(ssl_.get()); });
    if (shaken) return {};
    if (SSL_get_verify_result(ssl_.get()) != X509_V_OK) {
      return fail(Errc::unreachable, "the certificate is not trusted");
    }
    return fail(shaken.error());
  }

  Result<std::size_t> read(char* into, std::size_t size, const DeadlineWaiter& waiter) override {
    return drive(waiter, [&] { return SSL_read(ssl_.get(), into, step(size)); });
  }

  Result<std::size_t> write(std::string_view bytes, const DeadlineWaiter& waiter) override {
    return drive(waiter, [&] { return SSL_write(ssl_.get(), bytes.data(), step(bytes.size())); });
  }

  bool quiet() const noexcept override {
    return SSL_pending(ssl_.get()) == 0 && BIO_ctrl_pending(SSL_get_rbio(ssl_.get())) == 0 &&
           wire_->quiet();
  }

 private:
  static int step(std::size_t size) noexcept {
    return static_cast<int>(std::min<std::size_t>(size, 1U << 30U));
  }

  bool expect(const std::string& host) {
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl_.get());
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1) return true;
    return SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1 &&
           X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1;
  }

  /// Repeats `operation`, carrying bytes to and from the wire, until it got somewhere.
  /// \return its result; 0 when the peer has ended the session properly
  template <class Operation>
  Result<std::size_t> drive(const DeadlineWaiter& waiter, Operation operation) {
    for (;;) {
      ERR_clear_error();
      const int done = operation();
      const int why = SSL_get_error(ssl_.get(), done);
      if (const auto flushed = flush(waiter); !flushed) return fail(flushed.error());
      if (done > 0) return static_cast<std::size_t>(done);
      if (why == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
      if (why != SSL_ERROR_WANT_READ) return fail(Errc::unreachable, "TLS failed");
      if (const auto fed = feed(waiter); !fed) return fail(fed.error());
    }
  }

  Result<void> flush(const DeadlineWaiter& waiter) {
    char* data = nullptr;
    const long pending = BIO_get_mem_data(SSL_get_wbio(ssl_.get()), &data);
    std::string_view left(data, static_cast<std::size_t>(std::max(pending, 0L)));
    while (!left.empty()) {
      const auto put = wire_->write(left, waiter);
      if (!put) return fail(put.error());
      left.remove_prefix(*put);
    }
    (void)BIO_reset(SSL_get_wbio(ssl_.get()));
    return {};
  }

  Result<void> feed(const DeadlineWaiter& waiter) {
    std::array<char, 16384> bytes;
    const auto got = wire_->read(bytes.data(), bytes.size(), waiter);
    if (!got) return fail(got.error());
    // An end without TLS's own goodbye may be someone cutting the answer short.
    if (*got == 0) return fail(Errc::unreachable, "the connection was closed");
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(*got));
    return {};
  }

  std::unique_ptr<Channel> wire_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

/// Verifies peers by the system's certificates, or by those of one file.
class TlsSecurer final : public Securer {
 public:
  explicit TlsSecurer(const std::string& ca_file)
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    if (!context_) return;
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    trusts_ = ca_file.empty()
                  ? SSL_CTX_set_default_verify_paths(context_.get()) == 1
                  : SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr) == 1;
  }

  Result<std::unique_ptr<Channel>> secure(std::unique_ptr<Channel> plain, const Origin& origin,
                                          const DeadlineWaiter& waiter) override {
    if (!trusts_) return fail(Errc::invalid_argument, "the trusted certificates cannot be read");
    auto channel = std::make_unique<TlsChannel>(std::move(plain), *context_);
    if (const auto connected = channel->connect(origin.host, waiter); !connected) {
      return fail(connected.error());
    }
    return channel;
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  bool trusts_ = false;
};

inline std::unique_ptr<Securer> make_securer(const std::string& ca_file) {
  return std::make_unique<TlsSecurer>(ca_file);
}

#else

inline std::unique_ptr<Securer> make_securer(const std::string&) {
  return nullptr;
}

#endif

}  // namespace detail
}  // namespace v0
}  // namespace vx11
