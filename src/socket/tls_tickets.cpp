#include "socket/tls_tickets.hpp"

#include <vx11/socket/detail/tls.hpp>

#include <algorithm>
#include <memory>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

namespace {

using Key = TlsTicketKeys::Key;

bool set_mac(EVP_MAC_CTX* mac, Key& key) {
  char digest[] = "SHA256";
  const std::array<OSSL_PARAM, 3> params = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, params.data()) == 1;
}

bool begin_encryption(TlsTicketKeys& keys, unsigned char* name, unsigned char* iv,
                      EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  std::optional<Key> key = keys.newest();
  if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return false;
  std::copy(key->name.begin(), key->name.end(), name);
  return EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv) == 1 &&
         set_mac(mac, *key);
}

bool begin_decryption(Key key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  return set_mac(mac, key) &&
         EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) == 1;
}

/// The results are OpenSSL's: 1 when prepared, 2 to replace the ticket that is decrypted, 0 for a
/// session without a ticket or a full handshake; -1 fails the handshake.
int prepare(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
            EVP_MAC_CTX* mac, int encrypting) {
  auto& keys = *static_cast<TlsTicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (encrypting != 0) return begin_encryption(keys, name, iv, cipher, mac) ? 1 : 0;
  using Name = std::span<const unsigned char, TlsTicketKeys::kNameBytes>;
  const std::optional<Key> key = keys.find(Name(name, TlsTicketKeys::kNameBytes));
  if (!key) return 0;
  if (!begin_decryption(*key, iv, cipher, mac)) return -1;
  const std::optional<Key> newest = keys.newest();
  const bool is_newest = newest && newest->name == key->name;
  return is_newest && SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2;  // of TLS 1.3, used once
}

template <std::size_t N>
bool fill(std::array<unsigned char, N>& bytes) {
  return RAND_priv_bytes(bytes.data(), static_cast<int>(N)) == 1;
}

}  // namespace

TlsTicketKeys::Key::~Key() {
  OPENSSL_cleanse(cipher.data(), cipher.size());
  OPENSSL_cleanse(mac.data(), mac.size());
}

void TlsTicketKeys::forget_old(TimePoint now) {
  std::erase_if(keys_, [now](const Key& key) { return now - key.made_at >= 3 * kRotation; });
}

std::optional<Key> TlsTicketKeys::newest() {
  const TimePoint now = clock_.now();
  const std::lock_guard lock(mutex_);
  forget_old(now);
  if (!keys_.empty() && now - keys_.back().made_at < kRotation) return keys_.back();
  Key made;
  made.made_at = now;
  if (!fill(made.name) || !fill(made.cipher) || !fill(made.mac)) return std::nullopt;
  return keys_.emplace_back(made);
}

std::optional<Key> TlsTicketKeys::find(std::span<const unsigned char, kNameBytes> name) {
  const TimePoint now = clock_.now();
  const std::lock_guard lock(mutex_);
  forget_old(now);
  const auto found = std::find_if(keys_.begin(), keys_.end(), [name](const Key& key) {
    return std::equal(name.begin(), name.end(), key.name.begin());
  });
  return found == keys_.end() ? std::nullopt : std::optional(*found);
}

std::shared_ptr<TlsTicketKeys> make_ticket_keys(SteadyClock clock) {
  return std::make_shared<TlsTicketKeys>(std::move(clock));
}

void TlsTicketKeys::use_in(SSL_CTX* context) {
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &prepare);
}

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
