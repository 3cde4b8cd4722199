#pragma once

/// \file
/// Signatures of JSON Web Tokens (RFC 7515, RFC 7518, RFC 8037), checked by OpenSSL. Internal.

#include <span>
#include <string>
#include <string_view>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "socket/openssl.hpp"

namespace vx11 {
inline namespace v0 {

/// How an algorithm computes, and the kind of key it takes.
enum class JwtFamily : unsigned char { hmac, rsa, rsa_pss, ecdsa, eddsa };

struct JwtAlgorithm {
  std::string_view name;
  JwtFamily family;
  const EVP_MD* (*hash)();  ///< Null: the algorithm has its own.
};

/// All that are known, in the order of the documentation.
std::span<const JwtAlgorithm> jwt_algorithms() noexcept;
/// Null for an unknown name.
const JwtAlgorithm* find_jwt_algorithm(std::string_view name) noexcept;

using PublicKey = OpensslPtr<EVP_PKEY, &EVP_PKEY_free>;

/// OpenSSL keeps its errors per thread; errors of a token must not leak into the caller's queue.
class ErrorMark {
 public:
  ErrorMark() noexcept { ERR_set_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
  ~ErrorMark() { ERR_pop_to_mark(); }
};

/// Whether `key` is of the kind and size that the algorithm takes. No key fits one with a secret.
bool fits(const JwtAlgorithm& algorithm, const EVP_PKEY* key);
/// The keys that fit, in words: "P-256".
std::string_view keys_for(const JwtAlgorithm& algorithm) noexcept;

/// Whether `signature` is the algorithm's of `text` by the owner of `key`, which fits. Thread-safe.
bool verify_by_key(const JwtAlgorithm& algorithm, EVP_PKEY* key, std::string_view text,
                   std::string_view signature);
/// The same with a secret, in a time that does not depend on the signature.
bool verify_by_secret(const JwtAlgorithm& algorithm, std::string_view secret, std::string_view text,
                      std::string_view signature);

}  // namespace v0
}  // namespace vx11
