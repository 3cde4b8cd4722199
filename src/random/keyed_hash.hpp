#pragma once

/// \file
/// A hash whose collisions cannot be chosen by who chooses the texts. Internal.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace random {

/// Random numbers of this process below 2^59.
struct HashKeys {
  std::uint64_t text = 0;
  std::uint64_t pair = 0;
};
/// Thread-safe; throws what the system's source of entropy throws.
const HashKeys& hash_keys();

/// Polynomial hashing modulo 2^61 - 1 (Carter and Wegman, "Universal classes of hash functions",
/// 1979) at a point that is random and secret: two texts of n bytes collide with a probability of
/// at most n / 2^59, whatever they are. `std::hash` has no key, so that anyone can compute texts
/// that collide. As cheap as that; the values mean nothing to other processes.
///
/// For a map: not `noexcept`, so that libstdc++ stores the hash in each node.
class KeyedHash {
 public:
  std::uint64_t operator()(std::string_view text) const { return of(text, hash_keys().text); }

  /// One hash of two.
  static std::uint64_t of_pair(std::uint64_t a, std::uint64_t b) {
    return step(a, 0, hash_keys().pair) + b;
  }

  /// The first bytes of a word in memory as a number.
  /// \param count 1 to 8
  template <std::endian Order>
  static constexpr std::uint64_t first_bytes(std::uint64_t word, std::size_t count) noexcept {
    const std::size_t others = 8 * (sizeof word - count);
    if constexpr (Order == std::endian::big) return word >> others;
    return word << others >> others;
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61U) - 1;
  /// Bytes of a word, so that words are below the prime.
  static constexpr std::size_t kWord = 7;

  static std::uint64_t of(std::string_view text, std::uint64_t point) noexcept {
    std::uint64_t sum = step(text.size() + 1, 0, point);  // texts of zeros differ by their length
    const char* at = text.data();
    const char* const end = at + text.size();
    for (; end - at > static_cast<std::ptrdiff_t>(kWord); at += kWord) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, sizeof word);
      sum = step(sum, first_bytes<std::endian::native>(word, kWord), point);
    }
    std::uint64_t word = 0;
    const auto left = static_cast<std::size_t>(end - at);
    if (left == 0) return step(sum, 0, point);
    std::memcpy(&word, at, left);
    return step(sum, first_bytes<std::endian::native>(word, left), point);
  }

  /// Below 2^63, since `sum + word` is below 2^64 and the point below 2^59.
  static std::uint64_t step(std::uint64_t sum, std::uint64_t word, std::uint64_t point) noexcept {
    const Wide product = static_cast<Wide>(sum + word) * point;
    return (static_cast<std::uint64_t>(product) & kPrime) +
           static_cast<std::uint64_t>(product >> 61U);
  }
};

}  // namespace random
}  // namespace v0
}  // namespace vx11
