#include "store/entropy.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>

#include <pthread.h>
#include <sys/random.h>

namespace vx11 {
inline namespace v0 {
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

}  // namespace v0
}  // namespace vx11
