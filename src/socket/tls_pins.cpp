#include "socket/tls_pins.hpp"

#include <algorithm>
#include <cstddef>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

namespace {

constexpr std::string_view kPrefix = "sha256//";
constexpr std::size_t kBase64 = 44;  // of 32 bytes

int to_int(std::size_t size) noexcept {
  return static_cast<int>(size);
}

}  // namespace

Result<TlsPins> TlsPins::parse(const std::vector<std::string>& texts) {
  TlsPins pins;
  for (const std::string& text : texts) {
    if (!read(text, pins.digests_.emplace_back())) {
      return fail(Errc::invalid_argument,
                  "a pin is not sha256// and 44 characters of base64: the SHA-256 of a public key");
    }
  }
  return pins;
}

/// OpenSSL's decoder takes more than base64, so its result must encode to the same text.
bool TlsPins::read(std::string_view text, Digest& digest) {
  if (text.size() != kPrefix.size() + kBase64 || !text.starts_with(kPrefix)) return false;
  const auto* const encoded = reinterpret_cast<const unsigned char*>(text.data() + kPrefix.size());
  std::array<unsigned char, 33> decoded{};
  if (EVP_DecodeBlock(decoded.data(), encoded, to_int(kBase64)) != to_int(decoded.size())) {
    return false;
  }
  std::copy_n(decoded.begin(), digest.size(), digest.begin());
  std::array<unsigned char, kBase64 + 1> again{};
  EVP_EncodeBlock(again.data(), digest.data(), to_int(digest.size()));
  return std::equal(again.begin(), again.end() - 1, encoded);
}

void TlsPins::require_in(SSL_CTX* context) const {
  if (digests_.empty()) return;
  SSL_CTX_set_cert_verify_callback(context, &verify, const_cast<TlsPins*>(this));
}

int TlsPins::verify(X509_STORE_CTX* store, void* pins) {
  const int verified = X509_verify_cert(store);
  if (verified <= 0) return verified;
  if (static_cast<const TlsPins*>(pins)->contain_key_of(X509_STORE_CTX_get0_cert(store))) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

bool TlsPins::contain_key_of(const X509* certificate) const {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return false;
  Digest digest{};
  const int digested = EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), nullptr,
                                  EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return digested == 1 && std::find(digests_.begin(), digests_.end(), digest) != digests_.end();
}

bool is_pin_error(long verify_result) noexcept {
  return verify_result == X509_V_ERR_APPLICATION_VERIFICATION;
}

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
