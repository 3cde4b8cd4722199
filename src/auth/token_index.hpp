#pragma once

/// \file
/// Finds tokens by their digests. Internal.

#include <vx11/token_file.hpp>

#include <cstddef>
#include <cstring>
#include <unordered_set>
#include <utility>
#include <vector>

#include <openssl/crypto.h>

namespace vx11 {
inline namespace v0 {

/// The entries of a token file in a hash table. Immutable, thread-safe.
///
/// The time of a look-up depends on how many leading bits the digest of a guess shares with one
/// that is stored. That tells nothing of use: a guess cannot be chosen by its digest, and even the
/// whole digest does not lead to its token. Digests are compared in constant time all the same.
class TokenIndex {
 public:
  explicit TokenIndex(std::vector<TokenEntry> entries) {
    by_digest_.reserve(entries.size());
    for (TokenEntry& entry : entries) by_digest_.insert(std::move(entry));
  }

  /// Null if there is none. Valid as long as the index.
  const TokenEntry* find(const TokenDigest& digest) const {
    const auto found = by_digest_.find(digest);
    return found == by_digest_.end() ? nullptr : &*found;
  }
  std::size_t size() const noexcept { return by_digest_.size(); }

 private:
  static const TokenDigest& digest_in(const TokenDigest& digest) noexcept { return digest; }
  static const TokenDigest& digest_in(const TokenEntry& entry) noexcept { return entry.digest; }

  /// A part of a digest is as random as any hash of it.
  struct Hash {
    using is_transparent = void;
    template <class Key>
    std::size_t operator()(const Key& key) const noexcept {
      std::size_t part = 0;
      std::memcpy(&part, digest_in(key).data(), sizeof(part));
      return part;
    }
  };
  struct Equal {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      const TokenDigest& digest = digest_in(a);
      return CRYPTO_memcmp(digest.data(), digest_in(b).data(), digest.size()) == 0;
    }
  };

  std::unordered_set<TokenEntry, Hash, Equal> by_digest_ = {};
};

}  // namespace v0
}  // namespace vx11
