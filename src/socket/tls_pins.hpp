#pragma once

/// \file
/// Pins of a server's key. Internal.

#include <vx11/result.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/types.h>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// The keys of which a server's certificate must have one, beside the usual verification. Immutable
/// and thread-safe.
class TlsPins {
 public:
  /// \param texts each `sha256//` and the base64 of the SHA-256 of a SubjectPublicKeyInfo
  static Result<TlsPins> parse(const std::vector<std::string>& texts);

  /// Lets the handshakes of `context` fail for other keys. The pins must outlive it. Without pins
  /// nothing changes.
  void require_in(SSL_CTX* context) const;

 private:
  using Digest = std::array<unsigned char, 32>;

  static bool read(std::string_view text, Digest& digest);
  static int verify(X509_STORE_CTX* store, void* pins);
  bool contain_key_of(const X509* certificate) const;

  std::vector<Digest> digests_;
};

/// Whether the verification has failed for its pins alone.
bool is_pin_error(long verify_result) noexcept;

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
