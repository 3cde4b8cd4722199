#pragma once

/// \file
/// `TokenFile`: named tokens with scopes and expiry, in a file that holds their digests only.

#include <vx11/auth.hpp>
#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/scope.hpp>
#include <vx11/token_limits.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// A new token: `vx11_`, 256 random bits in base62, and a checksum, 54 characters in all. The
/// format follows that of GitHub's tokens: scanners find it by the prefix, and the checksum
/// separates tokens from text that looks like one.
/// \return `exhausted` if the system has no random bytes
VX11_API Result<std::string> make_token();

/// Whether `text` has the format of `make_token`, its checksum included: a mistyped token has not.
VX11_API bool is_token(std::string_view text) noexcept;

/// SHA-256. A token has 256 random bits, so neither salt nor a slow hash adds anything.
using TokenDigest = std::array<unsigned char, 32>;
/// \return `exhausted` if there is no memory
VX11_API Result<TokenDigest> digest_of(std::string_view token);

/// One token of a file.
struct TokenEntry {
  std::string name =
      {};              ///< Letters, digits, `.`, `_` and `-`, the first a letter or digit; 1 to 64.
  Scopes scopes = {};  ///< At least one.
  /// The token is refused from then on. Whole seconds, before the year 10000. None: never.
  std::optional<WallTime> expires = std::nullopt;
  TokenDigest digest = {};
  TokenLimits limits = {};  ///< Its own; by default those for all tokens.
};

/// Whether `name` can be the name of a token.
VX11_API bool is_token_name(std::string_view name) noexcept;

/// Parses the text of a token file: the line `vx11-tokens 1`, for each token a line with name,
/// scopes, expiry (`-` for none), digest, and limits of its own such as `rate=60/m` and
/// `concurrent=4` in this order, and the line `end`. Without that it was cut off, and is refused:
/// it would revoke tokens in silence.
/// \return `invalid_argument` with the first mistake and its line; the text quotes nothing of the
///         file
VX11_API Result<std::vector<TokenEntry>> parse_token_file(std::string_view text);

/// The text of a token file with these entries, in this order.
VX11_API std::string print_token_file(std::span<const TokenEntry> entries);

/// Reads a token file. It must be a regular file of at most 16 MiB that only its owner may write,
/// since others could add tokens; others may read it.
/// \return `storage` if it cannot be read, `invalid_argument` for a mistake in it, with the path
VX11_API Result<std::vector<TokenEntry>> read_token_file(const std::string& path);

/// Where the tokens of a `TokenFile` are.
struct TokenFileOptions {
  std::string path = {};  ///< Required.
  /// A further token, with every scope, such as one from the environment. Empty: none.
  std::string token = {};
  WallClock clock = {};  ///< For the expiry. Default: the system's.
};

/// What `TokenFile::refresh` found.
enum class TokenFileChange : unsigned char { none, replaced };

/// Accepts the tokens of a file, in `x-vx11-token` or as a bearer token, and knows their names and
/// scopes. A token that is unknown, revoked or expired is `forbidden`: answers do not say which,
/// the reason for the log does.
///
/// The file is read by `open`, and again only by `refresh` and `reload`, which the program calls.
/// Until a changed file is read completely the old tokens are in force, and they stay in force if
/// it cannot be used. **Thread-safe**; requests never wait for the file.
///
/// ```cpp
/// const auto tokens = vx11::TokenFile::open({.path = "/etc/vx11/tokens"});
/// if (!tokens) refuse(tokens.error());
/// vx11::OperatorApiOptions options{.auth = *tokens};
/// // Once a second, on a thread that may block:
/// if (const auto change = (*tokens)->refresh(); !change) refuse(change.error());
/// ```
class VX11_API TokenFile final : public Authenticator {
 public:
  /// \return the errors of `read_token_file`, or `invalid_argument` for a `token` that no request
  ///         could carry
  static Result<std::shared_ptr<TokenFile>> open(TokenFileOptions options);
  ~TokenFile() override;

  Access check(const Headers& headers) const override;
  AccessCheck explain(const Headers& headers) const override;
  std::string_view challenge() const noexcept override;

  /// Reads the file if inode, size or a time of it have changed since the last attempt. Blocks as
  /// long as the file system does.
  /// \return the error of a changed file that cannot be used, once for each change
  Result<TokenFileChange> refresh();
  /// Reads the file in any case.
  Result<void> reload();

  /// The own limits of the token `name`, for `RequestLimitsOptions::limits_of`; empty: none.
  TokenLimits limits_of(std::string_view name) const;

  std::size_t size() const;  ///< How many tokens of the file are in force, expired ones included.
  /// Whether the last reading was successful: if not, the tokens in force may differ from the file.
  bool is_current() const noexcept;

 private:
  struct Impl;
  explicit TokenFile(std::unique_ptr<Impl> impl) noexcept;
  detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
