#pragma once

/// \file
/// JSON Web Key Sets (RFC 7517), and the choice of a key for a token. Internal.

#include <vx11/auth.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt_keys.hpp"
#include "auth/jwt_signature.hpp"

namespace vx11 {
inline namespace v0 {

inline constexpr std::size_t kMaxJwkSetBytes = std::size_t{256} * 1024;
inline constexpr std::size_t kMaxJwks = 100;

/// A public key of a set that fits at least one of the allowed algorithms.
struct Jwk {
  std::optional<std::string> id = {};  ///< `kid`
  JwtAlgorithms algorithms = {};       ///< Those that it may be used with.
  PublicKey key = {};
};

struct JwkSet {
  std::vector<Jwk> keys = {};
  std::size_t skipped = 0;  ///< Keys that are not among them.

  /// Whether the signature is that of the key which the token names, or of the only one that fits
  /// its algorithm if it names none.
  /// \param key_id as `JwtHeader::key_id`
  AccessCheck verify(const JwtAlgorithm& algorithm, std::optional<std::string_view> key_id,
                     std::string_view text, std::string_view signature) const;
};

/// Parses a set. Keys of unknown kinds, with mistakes, for other uses, or of algorithms that are
/// not allowed are skipped (RFC 7517 §5), and so are those after the first `kMaxJwks`.
/// \return `invalid_argument` for a text that is no set of at most `kMaxJwkSetBytes`, or one
///         without a key that can be used; the text of the error quotes nothing of it
Result<JwkSet> parse_jwk_set(std::string_view text, const JwtAlgorithms& allowed);

}  // namespace v0
}  // namespace vx11
