#pragma once

/// \file
/// What contexts of clients and servers share. Internal.

#include <vx11/socket/detail/tls.hpp>

#include <cstddef>
#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "socket/openssl.hpp"
#include "socket/tls_pins.hpp"
#include "socket/tls_tickets.hpp"

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// The revocation lists of a server.
struct Revocations {
  std::size_t lists = 0;
  WallTime expire_at = WallTime::max();  ///< The first of them.
};

struct TlsContext::Impl {
  /// Throws `std::bad_alloc`.
  explicit Impl(const SSL_METHOD* method);

  std::shared_ptr<TlsTicketKeys> tickets;  ///< Of a server.
  TlsPins pins = {};                       ///< Of a client.
  Revocations revocations = {};            ///< Of a server.
  OpensslPtr<SSL_CTX, &SSL_CTX_free> context;
};

/// OpenSSL reads a file as long as it is, and a reload must not fill the memory or stop the thread.
/// \param what of the error: "the certificate"
/// \return `invalid_argument` for a file that is larger than such files are, or has no end
Result<> check_size(const std::string& file, const std::string& what);

/// Reads the certificate with those of its authorities, and its key.
/// \param what of them the errors speak: "the certificate"
Result<> identify(SSL_CTX* context, const std::string& file, const std::string& key_file,
                  const std::string& what);

/// Lets a server refuse the clients that the revocation lists of `file` name, and those of
/// authorities without a valid list.
Result<Revocations> refuse_revoked(SSL_CTX* context, const std::string& file);

/// As `TlsSession::peer_name`.
std::string name_of(const X509& certificate);

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
