#pragma once

/// \file
/// TLS settings and sessions of transports and servers. Internal.

#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// The certificate that identifies this side to a server that asks for one.
struct ClientCertificate {
  std::string file = {};      ///< PEM, followed by those of its authorities. Empty: none is sent.
  std::string key_file = {};  ///< PEM, not encrypted.
};

/// Whether a client has to prove its identity by a certificate.
enum class ClientProof : std::uint8_t {
  optional,  ///< A certificate is asked for, and must be trusted if there is one.
  required,  ///< The handshake fails without one.
};

/// The certificate that identifies a server, and whose clients it accepts.
struct ServerCertificate {
  std::string file = {};            ///< PEM, followed by those of its authorities.
  std::string key_file = {};        ///< PEM, not encrypted.
  std::string client_ca_file = {};  ///< PEM. Empty: clients are not asked for certificates.
  ClientProof client_proof = ClientProof::required;  ///< Only with a `client_ca_file`.
  std::string client_crl_file = {};                  ///< PEM; the same. Empty: nothing is revoked.
};

/// Keys that encrypt session tickets.
class TlsTicketKeys;

/// \param clock says how old they are
VX11_API std::shared_ptr<TlsTicketKeys> make_ticket_keys(SteadyClock clock);

/// Settings for sessions of TLS 1.2 or newer: of clients, which trust the system's authorities or
/// those of one file, or of a server. Immutable and thread-safe; create once and share, because
/// loading the authorities takes milliseconds.
class VX11_API TlsContext {
 public:
  /// \param ca_file PEM file of authorities in place of the system's; empty: the system's
  /// \param pins of the server's key, as `NetTransportOptions::pins`; empty: any key
  /// \return `invalid_argument` if a file cannot be read, the key is not the certificate's, or a
  ///         pin is malformed
  static Result<std::shared_ptr<const TlsContext>> make(const std::string& ca_file,
                                                        const ClientCertificate& own = {},
                                                        const std::vector<std::string>& pins = {});
  /// \param tickets shared by successive contexts of one listener, so that clients can resume their
  ///        sessions after a change of the certificate
  /// \return `invalid_argument` if a file cannot be read, or the key is not the certificate's
  static Result<std::shared_ptr<const TlsContext>> make_server(
      const ServerCertificate& own, std::shared_ptr<TlsTicketKeys> tickets);
  /// Of a server: the number of its revocation lists, and the earliest time at which one of them
  /// expires.
  std::size_t revocation_lists() const noexcept;
  WallTime revocations_expire_at() const noexcept;
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

 private:
  friend class TlsSession;
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl) noexcept;
  detail::Owned<Impl> impl_;
};

/// One side of a TLS connection over a non-blocking socket.
///
/// A client verifies the peer as `host`: by name, also sent as SNI, or by address. No step blocks;
/// each returns which socket state to wait for before repeating it. Never raises SIGPIPE. Not
/// thread-safe.
class VX11_API TlsSession {
 public:
  /// The client's side.
  /// \param fd connected; must outlive the session
  TlsSession(std::shared_ptr<const TlsContext> context, int fd, const std::string& host);
  /// The server's side.
  TlsSession(std::shared_ptr<const TlsContext> context, int fd);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  /// The result of one step.
  enum class Then : std::uint8_t {
    done,
    wait_readable,  ///< Repeat once the socket is readable.
    wait_writable,
    ended,   ///< The peer closed the session properly (close_notify).
    failed,  ///< Also on a close without close_notify: data may be truncated.
  };
  struct Step {
    Step(Then ended, std::size_t transferred = 0) noexcept : then(ended), bytes(transferred) {}
    Then then;
    std::size_t bytes;  ///< Read or written; at least one with `done`.
  };

  Step handshake() noexcept;
  /// Reads up to `size` bytes, at least one with `done`.
  Step read(char* into, std::size_t size) noexcept;
  /// Writes up to all of `bytes`; after a wait, repeat with the same bytes.
  Step write(std::string_view bytes) noexcept;
  /// Whether the session holds unread bytes that are no longer in the socket.
  bool pending() const noexcept;
  /// Whether the last `read` received, and emptied the socket: the next bytes cause another event.
  bool drained() const noexcept;
  /// Sends the alert that ends this side of the session (close_notify), if the socket accepts it.
  void close_notify() noexcept;
  /// The name in the peer's certificate that was verified, also in a resumed session: its first
  /// URI, else its first DNS name, else its first e-mail address; never the common name, which
  /// anything may be written into. Empty without a certificate, or if it has no such name, or one
  /// with bytes beyond printable ASCII.
  std::string peer_name() const;
  /// Whether the first bytes of a client were a request of plain HTTP.
  bool met_plain_http() const noexcept;

  /// The handshake error: `unreachable`, with whether the certificate, or its key, is
  /// at fault.
  Error handshake_error() const;

 private:
  struct Impl;
  detail::Owned<Impl> impl_;
};

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
