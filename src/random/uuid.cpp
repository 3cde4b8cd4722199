#include "random/uuid.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <pthread.h>

#include "random/entropy.hpp"

namespace vx11 {
inline namespace v0 {
namespace random {

namespace {

std::atomic<std::uint32_t> forks{0};

/// Entropy for sixteen UUIDs, so that a system call is made for every sixteenth only. A fork
/// empties it: parent and child must not make the same ones.
class Reserve {
 public:
  static constexpr std::size_t kBytes = 16;

  std::span<const unsigned char, kBytes> take() {
    const std::uint32_t now = forks.load(std::memory_order_relaxed);
    if (left_ == 0 || forks_ != now) {
      fill_with_entropy(bytes_);
      forks_ = now;
      left_ = bytes_.size();
    }
    left_ -= kBytes;
    return std::span<const unsigned char, kBytes>(bytes_.data() + left_, kBytes);
  }

 private:
  std::array<unsigned char, 16 * kBytes> bytes_ = {};
  std::size_t left_ = 0;
  std::uint32_t forks_ = 0;
};

void count_forks() {
  [[maybe_unused]] static const int registered =
      pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
}

/// Where the digits of each byte begin in the text: RFC 9562, section 4.
constexpr std::array<std::uint8_t, Reserve::kBytes> kPlaces = {0,  2,  4,  6,  9,  11, 14, 16,
                                                               19, 21, 24, 26, 28, 30, 32, 34};

}  // namespace

std::string uuid() {
  count_forks();
  thread_local Reserve reserve;
  const auto random = reserve.take();
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(36, '-');
  char* const to = text.data();
  for (std::size_t i = 0; i < kPlaces.size(); ++i) {
    to[kPlaces[i]] = kDigits[random[i] >> 4U];
    to[kPlaces[i] + 1] = kDigits[random[i] & 0x0FU];
  }
  text[14] = '4';                                       // version 4: random
  text[19] = kDigits[0x8U | (random[8] >> 4U & 0x3U)];  // the variant of the RFC
  return text;
}

}  // namespace random
}  // namespace v0
}  // namespace vx11
