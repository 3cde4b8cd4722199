#include "operator/logins/login_secret.hpp"

#include <vx11/token_file.hpp>

#include <array>
#include <memory>
#include <new>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

namespace backend {

namespace {

using Key = std::array<unsigned char, 32>;

constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;

struct Free {
  void operator()(EVP_CIPHER_CTX* cipher) const noexcept { EVP_CIPHER_CTX_free(cipher); }
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Free>;

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());  // NOLINT: what OpenSSL takes
}
unsigned char* bytes_of(std::string& text) noexcept {
  return reinterpret_cast<unsigned char*>(text.data());  // NOLINT
}
int size_of(std::string_view text) noexcept {
  return static_cast<int>(text.size());
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4U];
    text += "0123456789abcdef"[bytes[i] & 15U];
  }
  return text;
}

/// HKDF (RFC 5869) with SHA-256. The secret is random: no salt is needed.
Key derive(std::string_view secret, std::string_view purpose) {
  const std::unique_ptr<EVP_PKEY_CTX, Free> context(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
  Key key{};
  std::size_t size = key.size();
  const bool is_done =
      context != nullptr && EVP_PKEY_derive_init(context.get()) > 0 &&
      EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) > 0 &&
      EVP_PKEY_CTX_set1_hkdf_key(context.get(), bytes_of(secret), size_of(secret)) > 0 &&
      EVP_PKEY_CTX_add1_hkdf_info(context.get(), bytes_of(purpose), size_of(purpose)) > 0 &&
      EVP_PKEY_derive(context.get(), key.data(), &size) > 0;
  if (!is_done) throw std::bad_alloc();
  return key;
}

Key sealing_key(std::string_view secret) {
  return derive(secret, "vx11-operator login token");
}

}  // namespace

vx11::Result<LoginSecret> LoginSecret::make() {
  auto text = vx11::make_token();
  if (!text) return vx11::fail(std::move(text.error()));
  return LoginSecret(*std::move(text));
}

std::optional<LoginSecret> LoginSecret::parse(std::string_view text) {
  if (!vx11::is_token(text)) return std::nullopt;
  return LoginSecret(std::string(text));
}

std::string LoginSecret::digest() const {
  const auto digest = vx11::digest_of(text_);
  if (!digest) throw std::bad_alloc();
  return hex(digest->data(), digest->size());
}

std::string LoginSecret::csrf_token() const {
  const Key key = derive(text_, "vx11-operator CSRF token");
  return hex(key.data(), key.size() / 2);
}

vx11::Result<std::string> LoginSecret::seal(std::string_view token) const {
  Key key = sealing_key(text_);
  std::string sealed(kNonce + token.size() + kTag, '\0');
  unsigned char* const out = bytes_of(sealed);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool is_done =
      cipher != nullptr && RAND_bytes(out, kNonce) == 1 &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), out) == 1 &&
      EVP_EncryptUpdate(cipher.get(), out + kNonce, &written, bytes_of(token), size_of(token)) ==
          1 &&
      EVP_EncryptFinal_ex(cipher.get(), out + kNonce + written, &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, out + kNonce + token.size()) ==
          1;
  OPENSSL_cleanse(key.data(), key.size());
  if (!is_done) return vx11::fail(vx11::Errc::exhausted, "a login cannot be encrypted");
  return sealed;
}

std::optional<std::string> LoginSecret::unseal(std::string_view sealed) const {
  if (sealed.size() < kNonce + kTag) return std::nullopt;
  Key key = sealing_key(text_);
  std::string tag(sealed.substr(sealed.size() - kTag));
  const std::string_view content = sealed.substr(kNonce, sealed.size() - kNonce - kTag);
  std::string token(content.size(), '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool is_good =
      cipher != nullptr &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), bytes_of(sealed)) ==
          1 &&
      EVP_DecryptUpdate(cipher.get(), bytes_of(token), &written, bytes_of(content),
                        size_of(content)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes_of(token) + written, &written) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  if (!is_good) return std::nullopt;
  return token;
}

bool is_equal_secret(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace backend
