#pragma once

/// \file
/// Encrypts and decrypts parts of stored sessions with `SessionKeys`. Internal.

#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/store/session_keys.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The keys of a file, the one that encrypts first.
struct SessionKeys::Ring {
  using Key = std::array<unsigned char, 32>;
  struct Entry {
    std::uint16_t number = 0;
    Key key = {};
  };

  Ring() noexcept;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring();  ///< Erases the keys.

  const std::uint64_t serial;  ///< Of this ring alone, in this process.
  std::vector<Entry> keys = {};
  bool accepts_plaintext = false;
};

/// What a sealed text belongs to. It is authenticated, so that a value copied to another session,
/// or to another place of a session, is not accepted.
struct SealedPlace {
  SealedPlace(std::string_view session_key, char what) : session(session_key), part(what) {}

  std::string_view session;
  char part;  ///< A letter for each kind of text.
};

inline constexpr std::size_t kNonceBytes = 12;

/// Appends to `out` the number of the key, the ciphertext and the tag. The key of a session is
/// derived from the key of the file, so that random nonces need to be unique within a session only:
/// one key of AES-GCM may be used with 2^32 of them (NIST SP 800-38D §8.3).
/// \param nonce `kNonceBytes` random bytes; a repetition of the same text may have the same
/// \return `exhausted` without memory
VX11_API Result<void> seal(const SessionKeys& keys, const SealedPlace& place,
                           std::string_view nonce, std::string_view text, std::string& out);

/// \return the text; `storage` if its key is not among `keys`, or it was not sealed for `place`
VX11_API Result<std::string> unseal(const SessionKeys& keys, const SealedPlace& place,
                                    std::string_view nonce, std::string_view sealed);

}  // namespace v0
}  // namespace vx11
