#include "random/keyed_hash.hpp"

#include <array>

#include "random/entropy.hpp"

namespace vx11 {
inline namespace v0 {
namespace random {

namespace {

HashKeys make_keys() {
  std::array<unsigned char, sizeof(HashKeys)> bytes{};
  fill_with_entropy(bytes);
  HashKeys keys;
  std::memcpy(&keys, bytes.data(), bytes.size());
  keys.text >>= 5U;
  keys.pair >>= 5U;
  return keys;
}

}  // namespace

const HashKeys& hash_keys() {
  static const HashKeys keys = make_keys();
  return keys;
}

}  // namespace random
}  // namespace v0
}  // namespace vx11
