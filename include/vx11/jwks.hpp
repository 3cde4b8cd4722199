#pragma once

/// \file
/// `JwksAuthenticator`: JSON Web Tokens of an issuer that publishes its keys.

#include <vx11/auth.hpp>
#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/transport.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Where the keys of an issuer are, and what its tokens must be.
struct JwksOptions {
  /// A file with a JSON Web Key Set (RFC 7517). It must be a regular file of at most 256 KiB that
  /// only its owner may write, since others could add keys.
  std::string path = {};
  /// Instead of `path`: an https URL, perhaps with a query; http for hosts of the loopback alone.
  std::string url = {};
  /// For `url`. Redirects are not followed.
  std::shared_ptr<Transport> transport = {};

  /// Accepted algorithms, of RS256, PS256, ES256, EdDSA and Ed25519; at least one. Algorithms with
  /// a secret are never accepted: every service that verifies could sign.
  std::vector<std::string> algorithms = {"RS256", "PS256", "ES256", "EdDSA"};
  std::string audience = {};  ///< Must be in `aud`. Required.
  std::string issuer = {};    ///< Must equal `iss` when not empty.
  std::string type = {};      ///< As `JwtOptions::type`.
  /// Tolerated clock skew.
  std::chrono::seconds leeway = std::chrono::seconds(5);
  /// By default a token needs scopes: issuers make tokens for many purposes.
  JwtScopes scopes = {.required = true};

  /// The age at which the keys of `url` are fetched again. Long enough for no load, short enough
  /// that a withdrawn key is out of use soon.
  Duration refresh = std::chrono::minutes(15);
  /// The longest age that a `Cache-Control: max-age` of the issuer extends `refresh` to.
  Duration max_refresh = std::chrono::hours(1);
  /// At least so long lies between two fetches, whatever tokens and `max-age` say. While there are
  /// no keys yet it is five seconds at most.
  Duration min_refresh = std::chrono::seconds(30);
  /// The time limit of one fetch. Requests never wait for it.
  Duration fetch_limit = std::chrono::seconds(10);
  SteadyClock clock = {};     ///< For the age of keys.
  WallClock wall_clock = {};  ///< For the times in tokens.
};

/// \return every mistake of the description in one `invalid_argument`; reads and fetches nothing
VX11_API Result<void> validate(const JwksOptions& options);

/// `Authorization: Bearer` with a JWT as `make_jwt_authenticator` has it, signed by one of the keys
/// that the issuer publishes. `sub` is required, and is the principal.
///
/// A token names its key (`kid`); one that names none is verified only if exactly one key fits its
/// algorithm. Keys of unknown kinds, for other uses (`use`, `key_ops`) or of other algorithms are
/// skipped and counted. A token of an unknown key is `key_unknown`, and a fetch begins if the last
/// one is `min_refresh` ago: the client's next try may succeed.
///
/// Keys stay in force while their file cannot be used, and while the issuer is down, hangs, or
/// answers with anything but a set with at least one usable key, of at most 256 KiB and 100 keys.
///
/// A file is read by `open`, and again only by `refresh` and `reload`. A URL is fetched on a thread
/// of this class, which `refresh` and tokens begin when it is due.
/// **Thread-safe**; requests wait for neither file nor network. The destructor cancels a fetch and
/// waits for its end.
///
/// ```cpp
/// const auto keys = vx11::JwksAuthenticator::open(
///     {.url = "https://issuer.example/jwks", .transport = vx11::make_net_transport(),
///      .audience = "https://gateway.example", .issuer = "https://issuer.example"});
/// if (!keys) refuse(keys.error());
/// // Once a second, on a thread that may block:
/// if (const auto is_replaced = (*keys)->refresh(); !is_replaced) refuse(is_replaced.error());
/// ```
class VX11_API JwksAuthenticator final : public Authenticator {
 public:
  /// \return the error of `validate`, or that of a file that cannot be used; the issuer need not be
  ///         reachable yet
  static Result<std::shared_ptr<JwksAuthenticator>> open(JwksOptions options);
  ~JwksAuthenticator() override;

  Access check(const Headers& headers) const override;
  AccessCheck explain(const Headers& headers) const override;
  std::string_view challenge() const noexcept override;
  bool names_users() const noexcept override { return true; }

  /// Reads a file that has changed, which blocks as long as the file system does; or begins a fetch
  /// that is due and returns the outcome of the last one.
  /// \return whether keys were taken over since the last call; or why not, once for each change of
  ///         the file and for each fetch
  Result<bool> refresh();
  /// Reads the file in any case, or begins a fetch, whose outcome `refresh` returns, unless one is
  /// under way.
  Result<void> reload();

  std::size_t size() const;     ///< Keys in force. None before the first fetch: tokens are refused.
  std::size_t skipped() const;  ///< Keys of the set that cannot be used.
  /// Whether the last reading or fetch was successful.
  bool is_current() const noexcept;

 private:
  struct Impl;
  explicit JwksAuthenticator(std::unique_ptr<Impl> impl) noexcept;
  detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
