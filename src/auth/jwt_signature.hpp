#pragma once

/// \file
/// Signatures of JSON Web Tokens (RFC 7515, RFC 7518), checked by OpenSSL. Internal.

#include <vx11/auth.hpp>
#include <vx11/detail/mistakes.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>

#include "socket/openssl.hpp"

namespace vx11 {
inline namespace v0 {

struct JwtAlgorithm;

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

  std::vector<const JwtAlgorithm*> allowed_ = {};
  std::string secret_;
  OpensslPtr<EVP_PKEY, &EVP_PKEY_free> public_key_;
};

}  // namespace v0
}  // namespace vx11
