#pragma once

/// \file
/// Who may use the operator endpoints.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The decision about one request.
enum class Access : unsigned char {
  granted,
  auth_required,  ///< No credential: 401.
  forbidden,      ///< A wrong, ambiguous or malformed one: 403.
};

/// Decides by the headers alone, before a body is read. Thread-safe.
class VX11_API Authenticator {
 public:
  Authenticator() = default;
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;
  virtual ~Authenticator() = default;
  virtual Access check(const Headers& headers) const = 0;
  /// What a 401 carries in `WWW-Authenticate` (RFC 9110 §11.6.1); empty: it has no such header.
  virtual std::string_view challenge() const noexcept { return {}; }
};

/// `x-vx11-token` equal to `token`, compared in constant time. An empty header is none; several
/// that differ, and values with control bytes, are forbidden.
/// \return `invalid_argument` for a token that is empty, has control bytes, or begins or ends with
///         a space: no request could carry it
VX11_API Result<std::shared_ptr<const Authenticator>> make_token_authenticator(std::string token);

/// Everyone. For loopback listeners only; the program that listens has to see to that.
VX11_API std::shared_ptr<const Authenticator> make_open_authenticator();

/// How bearer tokens are verified.
struct JwtOptions {
  /// Accepted algorithms, of HS256, HS384, HS512, RS256, ES256. `none` is never accepted. At least
  /// one.
  std::vector<std::string> algorithms = {"HS256"};
  /// For HS*; at least as long as the hash, 32 bytes for HS256 (RFC 7518 §3.2). Never a PEM key.
  std::string secret = {};
  /// For RS256 (RSA, 2048 bits or more) or ES256 (P-256): one `PUBLIC KEY` in PEM.
  std::string public_key_pem = {};
  std::string audience = {};  ///< Must be in `aud`. Required.
  std::string issuer = {};    ///< Must equal `iss` when not empty.
  /// Clocks that differ a little are forgiven this much.
  std::chrono::seconds leeway = std::chrono::seconds(5);
  WallClock clock = {};
};

/// `Authorization: Bearer`, a JWT (RFC 7519) with a signature by an allowed algorithm, an `exp`
/// that is present and not passed, no `nbf` that is still to come, and the right `aud` (RFC 8725).
/// \return every mistake of the description in one `invalid_argument`
VX11_API Result<std::shared_ptr<const Authenticator>> make_jwt_authenticator(JwtOptions options);

}  // namespace v0
}  // namespace vx11
