#include "auth/jwt_signature.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::array<JwtAlgorithm, 8> kAlgorithms = {{
    {"HS256", JwtFamily::hmac, &EVP_sha256},
    {"HS384", JwtFamily::hmac, &EVP_sha384},
    {"HS512", JwtFamily::hmac, &EVP_sha512},
    {"RS256", JwtFamily::rsa, &EVP_sha256},
    {"PS256", JwtFamily::rsa_pss, &EVP_sha256},
    {"ES256", JwtFamily::ecdsa, &EVP_sha256},
    {"EdDSA", JwtFamily::eddsa, nullptr},
    {"Ed25519", JwtFamily::eddsa, nullptr},
}};
constexpr int kMinRsaBits = 2048;         // RFC 7518 §3.3
constexpr int kMaxRsaBits = 8192;         // each verification takes longer than the one before
constexpr std::size_t kP256Integer = 32;  // bytes of r and of s, RFC 7518 §3.4

using DigestContext = OpensslPtr<EVP_MD_CTX, &EVP_MD_CTX_free>;
using EcdsaSignature = OpensslPtr<ECDSA_SIG, &ECDSA_SIG_free>;

const unsigned char* bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 32> curve{};
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) == 1 &&
         std::string_view(curve.data()) == "prime256v1";
}

bool is_rsa(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && bits >= kMinRsaBits && bits <= kMaxRsaBits;
}

/// PSS with MGF1 by the same hash and a salt of its length (RFC 7518 §3.5).
bool set_padding(JwtFamily family, EVP_PKEY_CTX* context) {
  if (family != JwtFamily::rsa_pss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

bool verify_with_key(const JwtAlgorithm& algorithm, EVP_PKEY* key, std::string_view text,
                     std::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* of_key = nullptr;  // owned by the context
  const EVP_MD* const hash = algorithm.hash == nullptr ? nullptr : algorithm.hash();
  return context && EVP_DigestVerifyInit(context.get(), &of_key, hash, nullptr, key) == 1 &&
         set_padding(algorithm.family, of_key) &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text),
                          text.size()) == 1;
}

/// Converts a signature from JOSE's concatenated integers to OpenSSL's DER. Empty on failure.
std::string ecdsa_as_der(std::string_view raw) {
  if (raw.size() != 2 * kP256Integer) return {};
  const EcdsaSignature both(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes(raw), kP256Integer, nullptr);
  BIGNUM* s = BN_bin2bn(bytes(raw) + kP256Integer, kP256Integer, nullptr);
  if (!both || r == nullptr || s == nullptr || ECDSA_SIG_set0(both.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(both.get(), nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(both.get(), &out);
  return der;
}

}  // namespace

std::span<const JwtAlgorithm> jwt_algorithms() noexcept {
  return kAlgorithms;
}

const JwtAlgorithm* find_jwt_algorithm(std::string_view name) noexcept {
  const auto* at = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                [=](const JwtAlgorithm& a) { return a.name == name; });
  return at == kAlgorithms.end() ? nullptr : at;
}

bool fits(const JwtAlgorithm& algorithm, const EVP_PKEY* key) {
  switch (algorithm.family) {
    case JwtFamily::hmac:
      return false;
    case JwtFamily::rsa:
    case JwtFamily::rsa_pss:
      return is_rsa(key);
    case JwtFamily::ecdsa:
      return is_p256(key);
    case JwtFamily::eddsa:
      return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
  }
  return false;
}

std::string_view keys_for(const JwtAlgorithm& algorithm) noexcept {
  switch (algorithm.family) {
    case JwtFamily::hmac:
      return "a secret";
    case JwtFamily::rsa:
    case JwtFamily::rsa_pss:
      return "RSA of at least 2048 bits";
    case JwtFamily::ecdsa:
      return "P-256";
    case JwtFamily::eddsa:
      return "Ed25519";
  }
  return {};
}

bool verify_by_key(const JwtAlgorithm& algorithm, EVP_PKEY* key, std::string_view text,
                   std::string_view signature) {
  const ErrorMark mark;
  if (algorithm.family != JwtFamily::ecdsa) return verify_with_key(algorithm, key, text, signature);
  return verify_with_key(algorithm, key, text, ecdsa_as_der(signature));
}

bool verify_by_secret(const JwtAlgorithm& algorithm, std::string_view secret, std::string_view text,
                      std::string_view signature) {
  const ErrorMark mark;
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  return HMAC(algorithm.hash(), secret.data(), static_cast<int>(secret.size()), bytes(text),
              text.size(), mac.data(), &size) != nullptr &&
         signature.size() == size && CRYPTO_memcmp(signature.data(), mac.data(), size) == 0;
}

}  // namespace v0
}  // namespace vx11
