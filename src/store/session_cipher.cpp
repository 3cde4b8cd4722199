#include "store/session_cipher.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "socket/openssl.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

using Ring = SessionKeys::Ring;
using CipherContext = OpensslPtr<EVP_CIPHER_CTX, &EVP_CIPHER_CTX_free>;
using Cipher = OpensslPtr<EVP_CIPHER, &EVP_CIPHER_free>;

constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kNumberBytes = 2;

const unsigned char* bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text, std::size_t at) noexcept {
  return reinterpret_cast<unsigned char*>(text.data()) + at;
}
int size_of(std::string_view text) noexcept {
  return static_cast<int>(text.size());
}

/// The key of one session; erased at the end.
class SessionKey {
 public:
  SessionKey(const Ring::Key& key, std::string_view session) {
    unsigned size = 0;
    is_made_ = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(session),
                    session.size(), key_.data(), &size) != nullptr;
  }
  SessionKey(const SessionKey&) = delete;
  SessionKey& operator=(const SessionKey&) = delete;
  ~SessionKey() { OPENSSL_cleanse(key_.data(), key_.size()); }

  explicit operator bool() const noexcept { return is_made_; }
  const unsigned char* data() const noexcept { return key_.data(); }

 private:
  Ring::Key key_ = {};
  bool is_made_ = false;
};

/// Fetching it for each use would cost more than a short text does.
const EVP_CIPHER* aes_256_gcm() {
  static const Cipher cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  return cipher.get();
}

/// The context of the calling thread, with key, nonce and associated data; null without memory.
EVP_CIPHER_CTX* begin(bool encrypts, const Ring::Key& key, const SealedPlace& place,
                      std::string_view nonce) {
  thread_local const CipherContext context(EVP_CIPHER_CTX_new());
  const SessionKey session_key(key, place.session);
  int size = 0;
  const bool is_ready = context && session_key && nonce.size() == kNonceBytes &&
                        EVP_CipherInit_ex2(context.get(), aes_256_gcm(), session_key.data(),
                                           bytes(nonce), encrypts ? 1 : 0, nullptr) == 1 &&
                        EVP_CipherUpdate(context.get(), nullptr, &size,
                                         bytes(std::string_view(&place.part, 1)), 1) == 1 &&
                        EVP_CipherUpdate(context.get(), nullptr, &size, bytes(place.session),
                                         size_of(place.session)) == 1;
  return is_ready ? context.get() : nullptr;
}

/// Encrypts or decrypts `text` to `to`, which has room for as many bytes.
bool convert(EVP_CIPHER_CTX* context, std::string_view text, unsigned char* to) {
  int size = 0;
  return EVP_CipherUpdate(context, to, &size, bytes(text), size_of(text)) == 1;
}

/// Checks the tag when decrypting.
bool finish(EVP_CIPHER_CTX* context) {
  std::array<unsigned char, kTagBytes> none;  // GCM has no padding
  int size = 0;
  return EVP_CipherFinal_ex(context, none.data(), &size) == 1;
}

const Ring::Entry* find(const Ring& ring, std::uint16_t number) noexcept {
  const auto found = std::find_if(ring.keys.begin(), ring.keys.end(),
                                  [=](const auto& entry) { return entry.number == number; });
  return found == ring.keys.end() ? nullptr : &*found;
}

}  // namespace

Result<void> seal(const SessionKeys& keys, const SealedPlace& place, std::string_view nonce,
                  std::string_view text, std::string& out) {
  const auto failure = [] { return fail(Errc::exhausted, "a session cannot be encrypted"); };
  if (!keys || text.size() > std::numeric_limits<int>::max()) return failure();
  const Ring::Entry& entry = keys.ring()->keys.front();
  EVP_CIPHER_CTX* const context = begin(true, entry.key, place, nonce);
  const std::size_t at = out.size() + kNumberBytes;
  out.resize(at + text.size() + kTagBytes);
  out[at - 2] = static_cast<char>(entry.number >> 8U);
  out[at - 1] = static_cast<char>(entry.number & 0xFFU);
  const bool is_done = context != nullptr && convert(context, text, bytes(out, at)) &&
                       finish(context) &&
                       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                                           bytes(out, at + text.size())) == 1;
  if (!is_done) return failure();
  return {};
}

Result<std::string> unseal(const SessionKeys& keys, const SealedPlace& place,
                           std::string_view nonce, std::string_view sealed) {
  const auto failure = [](std::string what) { return fail(Errc::storage, std::move(what)); };
  if (!keys) return failure("it is encrypted; set sessions.encryption_keys");
  if (sealed.size() < kNumberBytes + kTagBytes) return failure("it is damaged");
  const auto number = static_cast<std::uint16_t>(bytes(sealed)[0] << 8U | bytes(sealed)[1]);
  const Ring::Entry* const entry = find(*keys.ring(), number);
  if (entry == nullptr) {
    return failure(fmt::format(
        "it is encrypted with key {}, which is not in the file of keys; add it there", number));
  }
  sealed.remove_prefix(kNumberBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  sealed.remove_suffix(kTagBytes);
  std::string text(sealed.size(), '\0');
  EVP_CIPHER_CTX* const context = begin(false, entry->key, place, nonce);
  const bool is_done =
      context != nullptr && convert(context, sealed, bytes(text, 0)) &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, bytes(tag, 0)) == 1 &&
      finish(context);
  if (!is_done) {
    return failure(fmt::format(
        "it cannot be decrypted: it was changed, belongs to another session, or key {} differs",
        number));
  }
  return text;
}

}  // namespace v0
}  // namespace vx11
