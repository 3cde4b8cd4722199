#pragma once

/// \file
/// TLS as every client of the library speaks it. Internal to the transports.

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

/// Which peers to trust: TLS 1.2 or newer, certificates of the system's authorities or of those of
/// one file. Immutable and thread-safe; made once and shared, because reading the authorities takes
/// milliseconds.
class VX11_API TlsContext {
 public:
  /// \param ca_file PEM file of authorities in place of the system's; empty: the system's
  /// \return `invalid_argument` if they cannot be read
  static Result<std::shared_ptr<const TlsContext>> make(const std::string& ca_file);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

 private:
  friend class TlsSession;
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// The client's side of one TLS connection over a socket that does not block.
///
/// The peer must prove to be `host`: by name, which is also sent as SNI, or by address. No step
/// waits; each says what the socket has to become before it makes sense to repeat it. Never raises
/// SIGPIPE. Not thread-safe.
class VX11_API TlsSession {
 public:
  /// \param fd connected, outlives the session
  TlsSession(std::shared_ptr<const TlsContext> context, int fd, const std::string& host);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  /// How one step ended.
  enum class Then : std::uint8_t {
    done,
    wait_readable,  ///< Repeat once the socket is readable.
    wait_writable,
    ended,   ///< The peer has closed its side, as TLS wants it.
    failed,  ///< Also when the connection ended without TLS's own close: an answer may be cut short.
  };
  struct Step {
    Step(Then ended, std::size_t transferred = 0) noexcept : then(ended), bytes(transferred) {}
    Then then;
    std::size_t bytes;  ///< Read or written; more than none with `done`.
  };

  Step handshake() noexcept;
  /// Up to `size` bytes, at least one with `done`.
  Step read(char* into, std::size_t size) noexcept;
  /// Up to all of `bytes`; repeated with the same bytes after a wait.
  Step write(std::string_view bytes) noexcept;
  /// Whether bytes of the peer's have left the socket and were not read yet.
  bool pending() const noexcept;

  /// Why a handshake failed: `unreachable`, and whether the certificate is at fault.
  Error handshake_error() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
