#include "random/uuid.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "random/entropy.hpp"

namespace vx11 {
inline namespace v0 {
namespace random {

namespace {

constexpr std::size_t kBytes = 16;

/// Where the digits of each byte begin in the text: RFC 9562, section 4.
constexpr std::array<std::uint8_t, kBytes> kPlaces = {0,  2,  4,  6,  9,  11, 14, 16,
                                                      19, 21, 24, 26, 28, 30, 32, 34};
constexpr std::string_view kDigits = "0123456789abcdef";

using TwoDigits = std::array<char, 2>;
/// Of each byte.
constexpr auto kDigitsOfByte = [] {
  std::array<TwoDigits, 256> digits{};
  for (std::size_t byte = 0; byte < digits.size(); ++byte) {
    digits[byte] = {kDigits[byte >> 4U], kDigits[byte & 0x0FU]};
  }
  return digits;
}();

}  // namespace

std::string uuid() {
  return uuid_after({});
}

std::string uuid_after(std::string_view prefix) {
  std::array<unsigned char, kBytes> bytes;
  fill_with_entropy(bytes);
  std::string text(prefix.size() + 36, '-');
  char* const to = text.data() + prefix.copy(text.data(), prefix.size());
  for (std::size_t i = 0; i < kPlaces.size(); ++i) {
    std::memcpy(to + kPlaces[i], kDigitsOfByte[bytes[i]].data(), sizeof(TwoDigits));
  }
  to[14] = '4';                                      // version 4: random
  to[19] = kDigits[0x8U | (bytes[8] >> 4U & 0x3U)];  // the variant of the RFC
  return text;
}

}  // namespace random
}  // namespace v0
}  // namespace vx11
