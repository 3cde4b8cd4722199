#pragma once

/// \file
/// Finds tokens by their digests. Internal.

#include <vx11/token_file.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <openssl/crypto.h>

namespace vx11 {
inline namespace v0 {

/// The entries of a token file in a hash table. Immutable, thread-safe.
///
/// The time of a look-up depends on how many leading bits the digest of a guess shares with one
/// that is stored. That reveals nothing of use: a guess cannot be chosen by its digest, and even
/// the whole digest does not lead to its token. Digests are compared in constant time all the same.
///
/// Open addressing in one array of numbers: with ten thousand tokens, chosen at random, it costs
/// one per cent of a chat less than `std::unordered_set`, whose nodes lie anywhere.
class TokenIndex {
 public:
  explicit TokenIndex(std::vector<TokenEntry> entries)
      : entries_(std::move(entries)), slots_(std::bit_ceil(2 * entries_.size() + 1)) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::size_t at = slot_of(entries_[i].digest);
      while (slots_[at] != 0) at = next(at);
      slots_[at] = static_cast<std::uint32_t>(i + 1);
      if (!entries_[i].limits.empty()) limits_.emplace(entries_[i].name, entries_[i].limits);
    }
  }

  /// Null if there is none. Valid as long as the index.
  const TokenEntry* find(const TokenDigest& digest) const noexcept {
    for (std::size_t at = slot_of(digest); slots_[at] != 0; at = next(at)) {
      const TokenEntry& entry = entries_[slots_[at] - 1];
      if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) return &entry;
    }
    return nullptr;
  }
  /// Of the token of that name; empty if it has none.
  TokenLimits limits_of(std::string_view name) const noexcept {
    if (limits_.empty()) return {};
    const auto found = limits_.find(name);
    return found == limits_.end() ? TokenLimits() : found->second;
  }
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  /// A part of a digest is as random as any hash of it.
  std::size_t slot_of(const TokenDigest& digest) const noexcept {
    std::size_t part = 0;
    std::memcpy(&part, digest.data(), sizeof(part));
    return part & (slots_.size() - 1);
  }
  std::size_t next(std::size_t slot) const noexcept { return (slot + 1) & (slots_.size() - 1); }

  std::vector<TokenEntry> entries_;
  /// Those of tokens that have their own, by names in `entries_`.
  std::unordered_map<std::string_view, TokenLimits> limits_ = {};
  std::vector<std::uint32_t> slots_;  ///< Numbers of entries, from 1; 0: free. At least half are.
};

}  // namespace v0
}  // namespace vx11
