#include "random/entropy.hpp"

#include <random>

#include <sys/random.h>

namespace vx11 {
inline namespace v0 {
namespace random {

void fill_with_entropy(std::span<unsigned char> bytes) {
  // A read of up to 256 bytes is complete or fails. It fails where a kernel or a sandbox lacks the
  // call; the standard library then has other sources.
  if (getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())) return;
  std::random_device source;
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(source());
}

}  // namespace random
}  // namespace v0
}  // namespace vx11
