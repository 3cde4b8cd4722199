#pragma once

/// \file
/// Authentication for the operator endpoints.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/scope.hpp>

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
  expired,        ///< One that was valid: 401 with `error="invalid_token"` (RFC 6750 §3.1).
  limited,        ///< Not judged, after too many wrong ones: 429 with Retry-After.
};

/// A decision and what it was based on, for the log of the program. An answer never contains the
/// reason, which would help to guess a credential.
struct AccessCheck {
  AccessCheck(Access decided, std::string_view why = {}) noexcept : access(decided), reason(why) {}

  Access access;
  /// What was wrong, such as "aud: another audience"; empty if granted or unknown. Static text,
  /// never a part of the credential.
  std::string_view reason;
  /// What a granted credential may use. An endpoint of another scope answers 403 and names the
  /// scope that is missing. Default: everything, for authenticators that know no scopes.
  Scopes scopes = Scopes::all();
  /// Who sent the request, such as the name of a token; also of an expired one. Null if unknown.
  std::shared_ptr<const std::string> principal = {};
  /// Of `limited`: when the next attempt will be judged.
  Duration retry_after = {};
};

/// Decides from the head alone, before a body is read. Thread-safe.
class VX11_API Authenticator {
 public:
  Authenticator() = default;
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;
  virtual ~Authenticator() = default;
  virtual Access check(const Headers& headers) const = 0;
  /// The same with reason, scopes and principal. Override it in an authenticator that knows them.
  virtual AccessCheck explain(const Headers& headers) const { return check(headers); }
  /// The same for a request, and what the APIs call. Override it in an authenticator that also
  /// knows clients by their address or certificate.
  virtual AccessCheck authenticate(const HttpRequest& head) const { return explain(head.headers); }
  /// The `WWW-Authenticate` value of a 401 (RFC 9110 §11.6.1); empty: no such header.
  virtual std::string_view challenge() const noexcept { return {}; }
};

/// `x-vx11-token`, or `Authorization: Bearer`, equal to `token`, compared in constant time. An
/// empty header counts as absent, and so does an Authorization of another scheme; several different
/// values, and values with control bytes, are forbidden.
/// \return `invalid_argument` for a token that is empty, has control bytes, or begins or ends with
///         a space: no request could carry it
VX11_API Result<std::shared_ptr<const Authenticator>> make_token_authenticator(std::string token);

/// Accepts every request. For loopback listeners only; the program must ensure that.
VX11_API std::shared_ptr<const Authenticator> make_open_authenticator();

/// How bearer tokens are verified.
struct JwtOptions {
  /// Accepted algorithms, of HS256, HS384, HS512, RS256, ES256; at least one. `none` is never
  /// accepted.
  std::vector<std::string> algorithms = {"HS256"};
  /// For HS*; at least as long as the hash, 32 bytes for HS256 (RFC 7518 §3.2). Never a PEM key.
  std::string secret = {};
  /// For RS256 (RSA, 2048 bits or more) or ES256 (P-256): one `PUBLIC KEY` in PEM.
  std::string public_key_pem = {};
  std::string audience = {};  ///< Must be in `aud`. Required.
  std::string issuer = {};    ///< Must equal `iss` when not empty.
  /// Tolerated clock skew.
  std::chrono::seconds leeway = std::chrono::seconds(5);
  WallClock clock = {};
};

/// `Authorization: Bearer` with a JWT (RFC 7519): signed by an allowed algorithm, `exp` present and
/// in the future, `nbf` absent or past, and the right `aud` (RFC 8725). A token that is valid but
/// for its `exp` is `expired`, so that clients get a new one; every other fault is `forbidden`.
/// \return every mistake of the description in one `invalid_argument`
VX11_API Result<std::shared_ptr<const Authenticator>> make_jwt_authenticator(JwtOptions options);

}  // namespace v0
}  // namespace vx11
