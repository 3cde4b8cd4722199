#include "store/session_cipher.hpp"

#include <algorithm>
#include <functional>
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

/// A context with the key of one session, made for an earlier use.
struct KeyedContext {
  /// \return whether it is ready for that session
  bool prepare(const Ring& ring, const Ring::Entry& entry, std::string_view wanted) {
    if (context && serial == ring.serial && number == entry.number && session == wanted)
      return true;
    serial = 0;
    if (!context) context.reset(EVP_CIPHER_CTX_new());
    const SessionKey key(entry.key, wanted);
    const bool is_ready =
        context && key &&
        EVP_CipherInit_ex2(context.get(), aes_256_gcm(), key.data(), nullptr, 1, nullptr) == 1;
    if (!is_ready) return false;
    session = wanted;
    number = entry.number;
    serial = ring.serial;
    return true;
  }

  CipherContext context = nullptr;
  std::uint64_t serial = 0;  ///< Of the ring; 0: of none.
  std::uint16_t number = 0;
  std::string session = {};
};

/// Deriving a key costs ten times as much as encrypting a turn, and a chat needs that of its
/// session three times. As many chats may be under way on a thread at a time without doing it anew.
/// Keys of sessions stay in memory until another session takes their place or the thread ends, also
/// when their ring is gone; the ring's own keys do not.
KeyedContext& context_for(std::string_view session) {
  constexpr std::size_t kContexts = 64;
  thread_local std::array<KeyedContext, kContexts> contexts;
  return contexts[std::hash<std::string_view>()(session) % kContexts];
}

/// A context with key, nonce and associated data; null without memory.
EVP_CIPHER_CTX* begin(bool encrypts, const Ring& ring, const Ring::Entry& entry,
                      const SealedPlace& place, std::string_view nonce) {
  KeyedContext& keyed = context_for(place.session);
  if (nonce.size() != kNonceBytes || !keyed.prepare(ring, entry, place.session)) return nullptr;
  EVP_CIPHER_CTX* const context = keyed.context.get();
  int size = 0;
  const bool is_ready =
      EVP_CipherInit_ex2(context, nullptr, nullptr, bytes(nonce), encrypts ? 1 : 0, nullptr) == 1 &&
      EVP_CipherUpdate(context, nullptr, &size, bytes(std::string_view(&place.part, 1)), 1) == 1 &&
      EVP_CipherUpdate(context, nullptr, &size, bytes(place.session), size_of(place.session)) == 1;
  return is_ready ? context : nullptr;
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
  EVP_CIPHER_CTX* const context = begin(true, *keys.ring(), entry, place, nonce);
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
  EVP_CIPHER_CTX* const context = begin(false, *keys.ring(), *entry, place, nonce);
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
