#pragma once

/// \file
/// Which credentials were granted to which address. Internal.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace vx11 {
inline namespace v0 {
namespace limits {

/// A set of hashes that forgets: each new one takes the place of another. Says which credentials
/// are worth judging, not which are right, so a collision grants nothing. Lock-free: a request with
/// a known credential costs one load.
class GrantedBefore {
 public:
  bool contains(std::uint64_t hash) const noexcept {
    return place(hash).load(std::memory_order_relaxed) == hash;
  }
  void insert(std::uint64_t hash) noexcept {
    if (!contains(hash)) place(hash).store(hash, std::memory_order_relaxed);
  }
  void erase(std::uint64_t hash) noexcept {
    place(hash).compare_exchange_strong(hash, 0, std::memory_order_relaxed);
  }

 private:
  using Place = std::atomic<std::uint64_t>;

  Place& place(std::uint64_t hash) noexcept { return places_[hash % places_.size()]; }
  const Place& place(std::uint64_t hash) const noexcept { return places_[hash % places_.size()]; }

  std::array<Place, 16'384> places_ = {};  // 128 KiB
};

}  // namespace limits
}  // namespace v0
}  // namespace vx11
