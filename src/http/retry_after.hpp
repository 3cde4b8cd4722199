#pragma once

/// \file
/// The Retry-After header (RFC 9110 §10.2.3). Internal.

#include <vx11/clock.hpp>
#include <vx11/http_message.hpp>

#include <chrono>
#include <optional>

namespace vx11 {
inline namespace v0 {

/// The longest Retry-After that is honoured, and that is sent.
inline constexpr std::chrono::seconds kMaxRetryAfter = std::chrono::hours(1);

/// The Retry-After of a 429, 503 or 529, clamped to between one second and the maximum; none for
/// other statuses and for values that cannot be parsed. A date is taken relative to the Date of the
/// same response, so that clock differences do not matter.
std::optional<Duration> retry_after(const HttpResponse& response) noexcept;

/// `wait` as the value of the header: rounded up, between one second and the maximum.
std::chrono::seconds retry_after_seconds(Duration wait) noexcept;

}  // namespace v0
}  // namespace vx11
