#include "text/duration_text.hpp"

#include <chrono>

#include <fmt/format.h>

namespace vx11 {
inline namespace v0 {

std::string duration_text(Duration time) {
  using std::chrono::microseconds;
  using std::chrono::milliseconds;
  if (time != Duration::zero() && std::chrono::abs(time) < milliseconds(1)) {
    return fmt::format("{}us", std::chrono::ceil<microseconds>(time).count());
  }
  const auto ms = std::chrono::ceil<milliseconds>(time).count();
  return ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

}  // namespace v0
}  // namespace vx11
