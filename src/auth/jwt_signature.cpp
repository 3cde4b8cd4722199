#include "auth/jwt_signature.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

namespace vx11 {
inline namespace v0 {

/// How an algorithm computes, and the kind of key it takes.
enum class JwtFamily : unsigned char { hmac, rsa, ecdsa };

struct JwtAlgorithm {
  std::string_view name;
  JwtFamily family;
  const EVP_MD* (*hash)();
};

namespace {

constexpr std::array<JwtAlgorithm, 5> kAlgorithms = {{
    {"HS256", JwtFamily::hmac, &EVP_sha256},
    {"HS384", JwtFamily::hmac, &EVP_sha384},
    {"HS512", JwtFamily::hmac, &EVP_sha512},
    {"RS256", JwtFamily::rsa, &EVP_sha256},
    {"ES256", JwtFamily::ecdsa, &EVP_sha256},
}};
constexpr int kMinRsaBits = 2048;         // RFC 7518 §3.3
constexpr std::size_t kP256Integer = 32;  // bytes of r and of s, RFC 7518 §3.4

using Bio = OpensslPtr<BIO, &BIO_free_all>;
using DigestContext = OpensslPtr<EVP_MD_CTX, &EVP_MD_CTX_free>;
using EcdsaSignature = OpensslPtr<ECDSA_SIG, &ECDSA_SIG_free>;

/// OpenSSL keeps its errors per thread; errors of a token must not leak into the caller's queue.
class ErrorMark {
 public:
  ErrorMark() noexcept { ERR_set_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
  ~ErrorMark() { ERR_pop_to_mark(); }
};

const unsigned char* bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

EVP_PKEY* read_public_key(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // Without a callback OpenSSL would prompt on the terminal for an encrypted key's passphrase.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  return bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr) : nullptr;
}

bool fits(const EVP_PKEY* key, JwtFamily family) {
  if (family == JwtFamily::rsa) {
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= kMinRsaBits;
  }
  std::array<char, 32> curve{};
  return EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) == 1 &&
         std::string_view(curve.data()) == "prime256v1";
}

bool verify_hmac(const EVP_MD* hash, std::string_view secret, std::string_view text,
                 std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  return HMAC(hash, secret.data(), static_cast<int>(secret.size()), bytes(text), text.size(),
              mac.data(), &size) != nullptr &&
         signature.size() == size && CRYPTO_memcmp(signature.data(), mac.data(), size) == 0;
}

bool verify_with_key(const EVP_MD* hash, EVP_PKEY* key, std::string_view text,
                     std::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new());
  return context && EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key) == 1 &&
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

const JwtAlgorithm* find_algorithm(std::string_view name) noexcept {
  const auto* at = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                [=](const JwtAlgorithm& a) { return a.name == name; });
  return at == kAlgorithms.end() ? nullptr : at;
}

}  // namespace

JwtKeys::JwtKeys(const JwtOptions& options, detail::Mistakes& mistakes) : secret_(options.secret) {
  const ErrorMark mark;
  if (!options.public_key_pem.empty()) public_key_.reset(read_public_key(options.public_key_pem));
  mistakes.add_if(options.algorithms.empty(), "no algorithm is allowed");
  for (const std::string& name : options.algorithms) {
    const JwtAlgorithm* algorithm = find_algorithm(name);
    if (algorithm == nullptr) {
      mistakes.about("algorithm", name);
      mistakes.add("it is not one of HS256, HS384, HS512, RS256, ES256");
      mistakes.about({});
      continue;
    }
    allowed_.push_back(algorithm);
    const bool keyed_by_secret = algorithm->family == JwtFamily::hmac;
    keyed_by_secret ? check_secret(*algorithm, mistakes) : check_public_key(*algorithm, mistakes);
  }
}

void JwtKeys::check_secret(const JwtAlgorithm& algorithm, detail::Mistakes& mistakes) const {
  const auto least = static_cast<std::size_t>(EVP_MD_get_size(algorithm.hash()));
  if (secret_.size() < least) {
    mistakes.add(std::string(algorithm.name) + " needs a secret of at least " +
                 std::to_string(least) + " bytes");
  }
  if (secret_.find("-----BEGIN") != std::string::npos) {
    mistakes.add(std::string(algorithm.name) + " needs a secret, not a key in PEM");
  }
}

void JwtKeys::check_public_key(const JwtAlgorithm& algorithm, detail::Mistakes& mistakes) const {
  if (public_key_ && fits(public_key_.get(), algorithm.family)) return;
  mistakes.add(std::string(algorithm.name) + " needs a public key in PEM: " +
               (algorithm.family == JwtFamily::rsa ? "RSA of at least 2048 bits" : "P-256"));
}

bool JwtKeys::verify(std::string_view algorithm, std::string_view text,
                     std::string_view signature) const {
  const ErrorMark mark;
  const auto at = std::find_if(allowed_.begin(), allowed_.end(),
                               [=](const JwtAlgorithm* a) { return a->name == algorithm; });
  if (at == allowed_.end()) return false;
  const EVP_MD* hash = (*at)->hash();
  switch ((*at)->family) {
    case JwtFamily::hmac:
      return verify_hmac(hash, secret_, text, signature);
    case JwtFamily::rsa:
      return verify_with_key(hash, public_key_.get(), text, signature);
    case JwtFamily::ecdsa:
      return verify_with_key(hash, public_key_.get(), text, ecdsa_as_der(signature));
  }
  return false;
}

}  // namespace v0
}  // namespace vx11
