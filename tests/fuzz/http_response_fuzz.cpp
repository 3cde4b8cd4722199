// The response reader over arbitrary bytes: it does not crash, and the cut into pieces does not
// change the result, whether or not the connection ends after them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>

#include "unit/http_readings.hpp"

namespace {

vx11::net_detail::ResponseLimits small_limits() {
  vx11::net_detail::ResponseLimits limits;
  limits.head_bytes = 512;
  limits.body_bytes = 128;
  return limits;
}

void read_in_pieces(std::string_view bytes, bool closed) {
  const auto limits = small_limits();
  const auto read = [&](auto piece) {
    return http_readings::read_response(bytes, closed, limits, piece);
  };
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(bytes.size()));
  const auto whole = read([] { return std::string::npos; });
  const auto trickled = read([] { return std::size_t{1}; });
  const auto pieces = read([&] { return std::size_t{1 + random() % 40}; });
  if (whole != trickled || whole != pieces) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_in_pieces(bytes, true);
  read_in_pieces(bytes, false);
  return 0;
}
