#pragma once

/// \file
/// Authentication for the operator endpoints.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/scope.hpp>

#include <chrono>
#include <functional>
#include <map>
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
  key_unknown,    ///< Signed by a key that is not known, perhaps a new one: 401 as `expired`.
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
  /// Whether principals are users, as the `sub` of a JWT is. The APIs then take the principal as
  /// the `user_id` of a chat, whatever the body says. Default: no, a principal may be a service
  /// that sends the chats of its users.
  virtual bool names_users() const noexcept { return false; }
};

/// `x-vx11-token`, or `Authorization: Bearer`, equal to `token`, compared in constant time. An
/// empty header counts as absent, and so does an Authorization of another scheme; several different
/// values, and values with control bytes, are forbidden.
/// \return `invalid_argument` for a token that is empty, has control bytes, or begins or ends with
///         a space: no request could carry it
VX11_API Result<std::shared_ptr<const Authenticator>> make_token_authenticator(std::string token);

/// Accepts every request. For loopback listeners only; the program must ensure that.
VX11_API std::shared_ptr<const Authenticator> make_open_authenticator();

/// How the claims `scope` (names with spaces between them), `scp` (the same, or a list) and `roles`
/// (a list) become scopes. Names that become none are ignored.
struct JwtScopes {
  /// Whether a token without any of these claims has no scope. False: it has every scope, as before
  /// there were scopes; safe only if the issuer makes tokens of this audience for operators alone.
  bool required = false;
  /// In front of the names of `Scope`, such as "vx11." in "vx11.chat"; names without it are
  /// ignored. Empty: none, unless `names` has entries.
  std::string prefix = {};
  /// The issuer's names for scopes; they count beside those with `prefix`.
  std::map<std::string, Scope, std::less<>> names{};
};

/// How bearer tokens are verified by a fixed key. `make_jwks_authenticator` takes keys that change.
struct JwtOptions {
  /// Accepted algorithms, of HS256, HS384, HS512, RS256, PS256, ES256, EdDSA and Ed25519 (the newer
  /// name of EdDSA with that curve); at least one. `none` is never accepted.
  std::vector<std::string> algorithms = {"HS256"};
  /// For HS*; at least as long as the hash, 32 bytes for HS256 (RFC 7518 §3.2). Never a PEM key.
  std::string secret = {};
  /// For RS256 and PS256 (RSA, 2048 to 8192 bits), ES256 (P-256) or EdDSA (Ed25519): one
  /// `PUBLIC KEY` in PEM.
  std::string public_key_pem = {};
  std::string audience = {};  ///< Must be in `aud`. Required.
  std::string issuer = {};    ///< Must equal `iss` when not empty.
  /// Tolerated clock skew.
  std::chrono::seconds leeway = std::chrono::seconds(5);
  WallClock clock = {};
  /// What `typ` of the header must be, such as `at+jwt`, which keeps ID tokens of the same audience
  /// out (RFC 9068); empty: anything.
  std::string type = {};
  JwtScopes scopes = {};
};

/// `Authorization: Bearer` with a JWT (RFC 7519): signed by an allowed algorithm, `exp` present and
/// in the future, `nbf` absent or past, `iat` absent or at most a minute ahead, and the right `aud`
/// (RFC 8725). A token that is valid but for its `exp` is `expired`, so that clients get a new one;
/// every other fault is `forbidden`. The principal is `sub`, if there is one: at most 256 bytes
/// without control characters.
/// \return every mistake of the description in one `invalid_argument`
VX11_API Result<std::shared_ptr<const Authenticator>> make_jwt_authenticator(JwtOptions options);

}  // namespace v0
}  // namespace vx11
