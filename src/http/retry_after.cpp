#include "http/retry_after.hpp"

#include <vx11/retry_after.hpp>

#include <algorithm>

namespace vx11 {
inline namespace v0 {

std::optional<Duration> retry_after(const HttpResponse& response) noexcept {
  const std::optional<Duration> wait = requested_wait(response);
  if (!wait) return std::nullopt;
  return std::clamp<Duration>(*wait, std::chrono::seconds(1), kMaxRetryAfter);
}

std::chrono::seconds retry_after_seconds(Duration wait) noexcept {
  return std::clamp(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1),
                    kMaxRetryAfter);
}

}  // namespace v0
}  // namespace vx11
