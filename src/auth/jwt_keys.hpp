#pragma once

/// \file
/// The fixed keys of a JWT authenticator. Internal.

#include <vx11/auth.hpp>
#include <vx11/detail/mistakes.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt_signature.hpp"

namespace vx11 {
inline namespace v0 {

using JwtAlgorithms = std::vector<const JwtAlgorithm*>;

/// The algorithms of these names; appends a mistake for no name and for each unknown one.
JwtAlgorithms known_algorithms(std::span<const std::string> names, detail::Mistakes& mistakes);

/// The one of that name among the allowed ones, or null.
const JwtAlgorithm* find_allowed(const JwtAlgorithms& allowed, std::string_view name) noexcept;

/// The allowed algorithms, each with its key. The algorithm's family selects the key, so that a
/// public key can never be used as a secret. Immutable, thread-safe.
class JwtKeys {
 public:
  /// Appends every mistake in algorithms and keys to `mistakes`.
  JwtKeys(const JwtOptions& options, detail::Mistakes& mistakes);

  /// Whether `algorithm` is allowed and `signature` is its signature of `text`.
  bool verify(std::string_view algorithm, std::string_view text, std::string_view signature) const;

 private:
  void check_secret(const JwtAlgorithm& algorithm, detail::Mistakes& mistakes) const;
  void check_public_key(const JwtAlgorithm& algorithm, detail::Mistakes& mistakes) const;

  JwtAlgorithms allowed_;
  std::string secret_;
  PublicKey public_key_;
};

}  // namespace v0
}  // namespace vx11
