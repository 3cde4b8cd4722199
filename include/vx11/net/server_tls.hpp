#pragma once

/// \file
/// TLS for `HttpServer`: certificates that can be replaced while it serves.

#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

namespace socket_detail {
class TlsContext;
}

/// Configuration of `ServerTls`. Files are PEM.
struct ServerTlsOptions {
  /// Whether clients have to prove their identity by a certificate.
  enum class ClientProof : std::uint8_t {
    optional,  ///< Asked for; must be trusted if there is one.
    required,  ///< The handshake fails without one.
  };

  std::string certificate_file = {};  ///< Followed by the certificates of its authorities.
  std::string key_file = {};          ///< Not encrypted.
  /// Authorities that clients' certificates must be of. Empty: clients are not asked for one.
  std::string client_ca_file = {};
  ClientProof client_proof = ClientProof::required;  ///< Only with a `client_ca_file`.
  /// Revocation lists of those authorities, read again like the other files; a new text ends the
  /// resumption of sessions. A certificate that a list names is refused. So is every certificate of
  /// a chain with an authority that has no list here, or one whose time has not come or has passed:
  /// who can withhold a new list must not be able to use a revoked certificate. Sessions that
  /// began while a list was valid can be resumed for an hour. Empty: nothing is revoked.
  std::string client_crl_file = {};
  /// For the age of session tickets' keys, which are used for an hour and accepted for
  /// two more.
  SteadyClock clock = {};
};

/// How long revocation lists are valid.
struct RevocationLists {
  std::size_t count = 0;
  /// The earliest `nextUpdate` of them; the latest time without any.
  WallTime next_update = WallTime::max();
};

/// What `ServerTls::refresh` found.
enum class ServerTlsChange : std::uint8_t { none, replaced };

/// The certificate of a server, its key, and the keys of its session tickets.
///
/// TLS 1.2 and 1.3; a client that offers application protocols (ALPN) must offer `http/1.1`;
/// renegotiation is refused. Sessions are resumed by tickets, also after `reload`. Thread-safe;
/// must outlive the servers that use it.
class VX11_API ServerTls {
 public:
  /// \return `invalid_argument` if a file cannot be read, or the key is not the certificate's
  static Result<std::shared_ptr<ServerTls>> make(ServerTlsOptions options);
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;
  ~ServerTls();

  /// Reads the files if one of them has changed since they were read, and again after a reading
  /// that failed. Blocks as long as the file system does; call it once a second, on a thread that
  /// may block.
  /// \return the error of changed files that cannot be used, once for each change
  Result<ServerTlsChange> refresh();
  /// Reads the files in any case. Connections from now on get the new certificate; existing ones
  /// are not touched. After an error, as while a file is being written, everything stays as it was.
  /// \return the errors of `make`
  Result<void> reload();

  /// Those of `client_crl_file` that are in force, so that a program can warn before they expire.
  RevocationLists revocation_lists() const;

  /// What a connection is made with. Internal.
  std::shared_ptr<const socket_detail::TlsContext> context() const;

 private:
  struct Impl;
  explicit ServerTls(std::unique_ptr<Impl> impl) noexcept;
  detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
