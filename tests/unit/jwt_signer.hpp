#pragma once

/// \file
/// Makes JSON Web Tokens for tests, valid and invalid.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace jwt_signer {

inline std::string base64url(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  while (!out.empty() && out.back() == '=') out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

inline std::string signed_text(std::string_view header, std::string_view claims) {
  return base64url(header) + "." + base64url(claims);
}

/// A token with `signature` as it is.
inline std::string token(std::string_view header, std::string_view claims,
                         std::string_view signature) {
  return signed_text(header, claims) + "." + base64url(signature);
}

/// A token signed with a secret.
inline std::string hs(const EVP_MD* hash, std::string_view secret, std::string_view header,
                      std::string_view claims) {
  const std::string text = signed_text(header, claims);
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  HMAC(hash, secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(mac.data()), &size);
  return token(header, claims, std::string_view(mac).substr(0, size));
}

/// A fresh pair of keys.
class KeyPair {
 public:
  static KeyPair rsa(unsigned bits) { return KeyPair(EVP_RSA_gen(bits)); }
  static KeyPair p256() { return KeyPair(EVP_EC_gen("P-256")); }
  static KeyPair ed25519() { return KeyPair(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

  /// The public key as a JWK with these further members: `,"kid":"one"`.
  std::string jwk(const std::string& more = "") const {
    switch (EVP_PKEY_get_base_id(key_.get())) {
      case EVP_PKEY_RSA:
        return R"({"kty":"RSA","n":")" + number("n") + R"(","e":")" + number("e") + "\"" + more +
               "}";
      case EVP_PKEY_EC:
        return R"({"kty":"EC","crv":"P-256","x":")" + number("qx", 32) + R"(","y":")" +
               number("qy", 32) + "\"" + more + "}";
      default:
        return R"({"kty":"OKP","crv":"Ed25519","x":")" + raw_public() + "\"" + more + "}";
    }
  }

  std::string public_pem() const {
    const Bio bio(BIO_new(BIO_s_mem()), &BIO_free_all);
    PEM_write_bio_PUBKEY(bio.get(), key_.get());
    return text_of(bio.get());
  }
  std::string private_pem() const {
    const Bio bio(BIO_new(BIO_s_mem()), &BIO_free_all);
    PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(bio.get());
  }

  /// A token signed by RSASSA-PSS, SHA-256, a salt of that many bytes and this key.
  std::string sign_pss(std::string_view header, std::string_view claims, int salt = 32) const {
    return token(header, claims, sign_der(signed_text(header, claims), salt));
  }

  /// A token signed by this key, by SHA-256 unless it has a hash of its own, whatever its header
  /// says.
  std::string sign(std::string_view header, std::string_view claims) const {
    const std::string der = sign_der(signed_text(header, claims));
    const bool is_ec = EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_EC;
    return token(header, claims, is_ec ? as_jose(der) : der);
  }

 private:
  using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

  explicit KeyPair(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) {}

  static std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
  }

  std::string number(const char* name, std::size_t bytes = 0) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &value);
    std::string out(std::max(bytes, static_cast<std::size_t>(BN_num_bytes(value))), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
    BN_free(value);
    return base64url(out);
  }

  std::string raw_public() const {
    std::string out(32, '\0');
    std::size_t size = out.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(out.data()), &size);
    return base64url(out);
  }

  static constexpr int kNoPss = -100;

  std::string sign_der(const std::string& text, int pss_salt = kNoPss) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    std::string out(1024, '\0');
    std::size_t size = out.size();
    const bool has_own_hash = EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_ED25519;
    EVP_PKEY_CTX* of_key = nullptr;
    EVP_DigestSignInit(context.get(), &of_key, has_own_hash ? nullptr : EVP_sha256(), nullptr,
                       key_.get());
    if (pss_salt != kNoPss) {
      EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, pss_salt);
    }
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    out.resize(size);
    return out;
  }

  static std::string as_jose(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> both(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
    std::string raw(64, '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(both.get()), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(both.get()), out + 32, 32);
    return raw;
  }

  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace jwt_signer
