#include "auth/jwk.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "auth/base64url.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using BigNumber = OpensslPtr<BIGNUM, &BN_free>;
using KeyContext = OpensslPtr<EVP_PKEY_CTX, &EVP_PKEY_CTX_free>;
using Parameters = OpensslPtr<OSSL_PARAM, &OSSL_PARAM_free>;
using ParameterBuilder = OpensslPtr<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free>;

constexpr std::size_t kMaxModulusBytes = 8192 / 8;
constexpr std::size_t kMaxExponentBytes = 8;  // OpenSSL takes no more for large keys
constexpr std::size_t kCoordinate = 32;       // of P-256 and Ed25519

const unsigned char* bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool is_text(const nlohmann::json& jwk, const char* name, std::string_view value) {
  const auto at = jwk.find(name);
  const auto* const text = at == jwk.end() ? nullptr : at->get_ptr<const std::string*>();
  return text != nullptr && *text == value;
}

/// The decoded bytes of a member; empty if it is missing or no base64url.
std::string bytes_of(const nlohmann::json& jwk, const char* name) {
  const auto at = jwk.find(name);
  const auto* const text = at == jwk.end() ? nullptr : at->get_ptr<const std::string*>();
  if (text == nullptr) return {};
  return decode_base64url(*text).value_or(std::string());
}

PublicKey key_of(const char* kind, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return {};
  }
  return PublicKey(key);
}

BigNumber number_of(std::string_view digits, std::size_t most) {
  if (digits.empty() || digits.size() > most) return {};
  return BigNumber(BN_bin2bn(bytes(digits), static_cast<int>(digits.size()), nullptr));
}

/// An even modulus or exponent, or an exponent of 1, is no key.
PublicKey rsa_key(const nlohmann::json& jwk) {
  const BigNumber n = number_of(bytes_of(jwk, "n"), kMaxModulusBytes);
  const BigNumber e = number_of(bytes_of(jwk, "e"), kMaxExponentBytes);
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  const bool is_key =
      n && e && BN_is_odd(n.get()) == 1 && BN_is_odd(e.get()) == 1 && BN_is_one(e.get()) == 0;
  if (!is_key || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return {};
  }
  return key_of("RSA", builder.get());
}

/// The point must be on the curve.
bool is_valid(EVP_PKEY* key) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context && EVP_PKEY_public_check(context.get()) == 1;
}

PublicKey p256_key(const nlohmann::json& jwk) {
  const std::string x = bytes_of(jwk, "x");
  const std::string y = bytes_of(jwk, "y");
  if (!is_text(jwk, "crv", "P-256") || x.size() != kCoordinate || y.size() != kCoordinate) {
    return {};
  }
  const std::string point = '\x04' + x + y;  // uncompressed
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return {};
  }
  PublicKey key = key_of("EC", builder.get());
  return key && is_valid(key.get()) ? std::move(key) : PublicKey();
}

PublicKey ed25519_key(const nlohmann::json& jwk) {
  const std::string x = bytes_of(jwk, "x");
  if (!is_text(jwk, "crv", "Ed25519") || x.size() != kCoordinate) return {};
  return PublicKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(x), x.size()));
}

}  // namespace

PublicKey public_key_of(const nlohmann::json& jwk) {
  const ErrorMark mark;
  if (is_text(jwk, "kty", "RSA")) return rsa_key(jwk);
  if (is_text(jwk, "kty", "EC")) return p256_key(jwk);
  if (is_text(jwk, "kty", "OKP")) return ed25519_key(jwk);
  return {};
}

}  // namespace v0
}  // namespace vx11
