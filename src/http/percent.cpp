#include "http/percent.hpp"

#include <charconv>

namespace vx11 {
inline namespace v0 {

std::optional<std::string> decode_percent(std::string_view part) {
  std::string bytes;
  bytes.reserve(part.size());
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      bytes += part[i];
      continue;
    }
    const std::string_view digits = part.substr(i + 1, 2);
    unsigned char byte = 0;
    const char* const end = digits.data() + digits.size();
    if (digits.size() != 2 || std::from_chars(digits.data(), end, byte, 16).ptr != end) {
      return std::nullopt;
    }
    bytes += static_cast<char>(byte);
    i += 2;
  }
  return bytes;
}

}  // namespace v0
}  // namespace vx11
