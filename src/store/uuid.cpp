#include <vx11/session.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "store/entropy.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

constexpr std::size_t kBytes = 16;

/// Where the digits of each byte begin in the text: RFC 9562, section 4.
constexpr std::array<std::uint8_t, kBytes> kPlaces = {0,  2,  4,  6,  9,  11, 14, 16,
                                                      19, 21, 24, 26, 28, 30, 32, 34};

}  // namespace

std::string make_uuid() {
  std::array<unsigned char, kBytes> random;
  fill_with_entropy(random);
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

}  // namespace v0
}  // namespace vx11
