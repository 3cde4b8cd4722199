#include "random/entropy.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

#include <pthread.h>
#include <sys/random.h>

namespace vx11 {
inline namespace v0 {
namespace random {

namespace {

void ask_system(std::span<unsigned char> bytes) {
  // A read of up to 256 bytes is complete or fails. It fails where a kernel or a sandbox lacks the
  // call; the standard library then has other sources.
  if (getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())) return;
  std::random_device source;
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(source());
}

std::atomic<std::uint32_t> forks{0};

void count_forks() {
  [[maybe_unused]] static const int registered =
      pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
}

/// A fork empties it: parent and child must not take the same bytes.
class Reserve {
 public:
  static constexpr std::size_t kBytes = 256;

  std::span<const unsigned char> take(std::size_t count) {
    const std::uint32_t now = forks.load(std::memory_order_relaxed);
    if (left_ < count || forks_ != now) {
      ask_system(bytes_);
      forks_ = now;
      left_ = kBytes;
    }
    left_ -= count;
    return std::span(bytes_).subspan(left_, count);
  }

 private:
  std::array<unsigned char, kBytes> bytes_ = {};
  std::size_t left_ = 0;
  std::uint32_t forks_ = 0;
};

/// xoshiro256++ (Blackman, Vigna: "Scrambled linear pseudorandom number generators", 2021), seeded
/// anew after a fork.
class Generator {
 public:
  std::uint64_t next() {
    const std::uint32_t now = forks.load(std::memory_order_relaxed);
    if (!is_seeded_ || forks_ != now) seed(now);
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

 private:
  void seed(std::uint32_t now) {
    std::array<unsigned char, sizeof state_> bytes = {};
    fill_with_entropy(bytes);
    std::memcpy(state_.data(), bytes.data(), bytes.size());
    state_[0] |= 1U;  // not all zero
    forks_ = now;
    is_seeded_ = true;
  }

  std::array<std::uint64_t, 4> state_ = {};
  std::uint32_t forks_ = 0;
  bool is_seeded_ = false;
};

}  // namespace

void fill_with_entropy(std::span<unsigned char> bytes) {
  count_forks();
  thread_local Reserve reserve;
  while (!bytes.empty()) {
    const auto taken = reserve.take(std::min(bytes.size(), Reserve::kBytes));
    std::copy(taken.begin(), taken.end(), bytes.begin());
    bytes = bytes.subspan(taken.size());
  }
}

std::uint64_t quick_number() {
  thread_local Generator generator;
  return generator.next();
}

}  // namespace random
}  // namespace v0
}  // namespace vx11
