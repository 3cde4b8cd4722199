#pragma once

/// \file
/// Keys of TLS session tickets. Internal.

#include <vx11/clock.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <openssl/types.h>

namespace vx11 {
inline namespace v0 {
namespace socket_detail {

/// The keys with which a server encrypts the tickets that its clients keep (RFC 5077, RFC 8446
/// §4.6.1), shared by all threads and all contexts of a listener. Thread-safe.
///
/// With a key one can read the recorded sessions that were resumed by it, so keys live in memory
/// only. Each encrypts tickets for `kRotation`, decrypts them for twice as long again, and is
/// erased at the first handshake after that.
class TlsTicketKeys {
 public:
  static constexpr Duration kRotation = std::chrono::hours(1);
  static constexpr std::size_t kNameBytes = 16;

  struct Key {
    Key() = default;
    Key(const Key&) = default;
    Key& operator=(const Key&) = default;
    ~Key();

    std::array<unsigned char, kNameBytes> name = {};
    std::array<unsigned char, 32> cipher = {};  ///< AES-256-CBC.
    std::array<unsigned char, 32> mac = {};     ///< HMAC-SHA256.
    TimePoint made_at = {};
  };

  explicit TlsTicketKeys(SteadyClock clock) : clock_(std::move(clock)) {}

  /// The key for new tickets; none if there is no entropy.
  std::optional<Key> newest();
  /// The key with which a ticket was made; none if it is unknown or too old.
  std::optional<Key> find(std::span<const unsigned char, kNameBytes> name);

  /// Lets the sessions of `context` have tickets of these keys, which must outlive it.
  void use_in(SSL_CTX* context);

 private:
  void forget_old(TimePoint now);

  SteadyClock clock_;
  std::mutex mutex_;
  std::vector<Key> keys_;  ///< The newest last.
};

}  // namespace socket_detail
}  // namespace v0
}  // namespace vx11
