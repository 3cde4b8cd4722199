// The request reader over arbitrary bytes: it does not crash, and the cut into pieces does not
// change the result.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>

#include "unit/http_readings.hpp"

namespace {

vx11::net_detail::RequestLimits small_limits() {
  vx11::net_detail::RequestLimits limits;
  limits.head_bytes = 512;
  limits.header_count = 8;
  limits.target_bytes = 64;
  limits.body_bytes = 128;
  return limits;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto limits = small_limits();
  const auto whole = http_readings::read_request(bytes, limits, [] { return std::string::npos; });
  const auto trickled = http_readings::read_request(bytes, limits, [] { return std::size_t{1}; });
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(size));
  const auto pieces = http_readings::read_request(bytes, limits, [&] { return 1 + random() % 40; });
  if (whole != trickled || whole != pieces) std::abort();
  return 0;
}
