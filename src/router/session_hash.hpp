#pragma once

/// \file
/// Hashes that are the same in every process, for rendezvous hashing. Internal.

#include <cstdint>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// The finalizer of SplitMix64: spreads every bit over all others.
constexpr std::uint64_t mixed(std::uint64_t bits) noexcept {
  bits = (bits ^ bits >> 30U) * 0xBF58476D1CE4E5B9U;
  bits = (bits ^ bits >> 27U) * 0x94D049BB133111EBU;
  return bits ^ bits >> 31U;
}

/// FNV-1a (G. Fowler, L. C. Noll, P. Vo), mixed. `std::hash` may differ from process to process.
constexpr std::uint64_t stable_hash(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return mixed(hash);
}

}  // namespace v0
}  // namespace vx11
