#pragma once

/// \file
/// TLS client settings and sessions, common to all transports. Internal.

#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// The certificate that identifies this side to a server that asks for one.
struct ClientCertificate {
  std::string file = {};      ///< PEM, followed by those of its authorities. Empty: none is sent.
  std::string key_file = {};  ///< PEM, not encrypted.
};

/// Which peers to trust: TLS 1.2 or newer, certificates of the system's authorities or of one file.
/// Immutable and thread-safe; create once and share, because loading the authorities takes
/// milliseconds.
class VX11_API TlsContext {
 public:
  /// \param ca_file PEM file of authorities in place of the system's; empty: the system's
  /// \return `invalid_argument` if a file cannot be read, or the key is not the certificate's
  static Result<std::shared_ptr<const TlsContext>> make(const std::string& ca_file,
                                                        const ClientCertificate& own = {});
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

 private:
  friend class TlsSession;
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// The client side of one TLS connection over a non-blocking socket.
///
/// Verifies the peer as `host`: by name, also sent as SNI, or by address. No step blocks; each
/// returns which socket state to wait for before repeating it. Never raises SIGPIPE. Not
/// thread-safe.
class VX11_API TlsSession {
 public:
  /// \param fd connected; must outlive the session
  TlsSession(std::shared_ptr<const TlsContext> context, int fd, const std::string& host);
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

  /// The handshake error: `unreachable`, with whether the certificate is at fault.
  Error handshake_error() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
