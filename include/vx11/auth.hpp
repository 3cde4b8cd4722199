#pragma once

/// \file
/// Who may use the operator endpoints.

#include <vx11/clock.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace vx11::inline v0 {

/// The decision about one request.
enum class Access : unsigned char {
  granted,
  auth_required,  ///< No credential: 401.
  forbidden,      ///< A wrong, ambiguous or malformed one: 403.
};

/// Decides by the headers alone, before a body is read. Thread-safe.
class Authenticator {
 public:
  Authenticator() = default;
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;
  virtual ~Authenticator() = default;
  virtual Access check(const Headers& headers) const = 0;
};

/// `x-vx11-token` equal to `token`, compared in constant time. Several such headers that differ,
/// and values with control bytes, are forbidden. \return `invalid_argument` for a token that is
/// empty or has bytes a header cannot carry
Result<std::shared_ptr<const Authenticator>> make_token_authenticator(std::string token);

/// Everyone. For loopback listeners only; the program that listens has to see to that.
std::shared_ptr<const Authenticator> make_open_authenticator();

/// How bearer tokens are verified.
struct JwtOptions {
  /// Accepted algorithms, of HS256, HS384, HS512, RS256, ES256. `none` is never accepted. At least
  /// one.
  std::vector<std::string> algorithms = {"HS256"};
  std::string secret = {};          ///< For HS*; at least 32 bytes (RFC 7518 §3.2).
  std::string public_key_pem = {};  ///< For RS* and ES*.
  std::string audience = {};        ///< Must be in `aud`. Required.
  std::string issuer = {};          ///< Must equal `iss` when not empty.
  /// Clocks that differ a little are forgiven this much.
  std::chrono::seconds leeway = std::chrono::seconds(5);
  WallClock clock = {};
};

/// `Authorization: Bearer`, a JWT (RFC 7519) with a signature by an allowed algorithm, an `exp`
/// that is present and not passed, an `nbf` that has, and the right `aud`. \return every mistake of
/// the description in one `invalid_argument`
Result<std::shared_ptr<const Authenticator>> make_jwt_authenticator(JwtOptions options);

}  // namespace vx11::inline v0
