#pragma once

/// \file
/// The Retry-After header (RFC 9110 §10.2.3). Internal.

#include <vx11/clock.hpp>
#include <vx11/http_message.hpp>

#include <chrono>
#include <optional>

namespace vx11 {
inline namespace v0 {

/// No upstream sends its callers away for longer than this.
inline constexpr std::chrono::seconds kMaxRetryAfter = std::chrono::hours(1);

/// How long a 429 or 503 asks its callers to wait, drawn to between a second and the maximum; none
/// for other statuses and for what cannot be read. A date counts from the Date of the same
/// response, so that clocks that disagree do no harm.
std::optional<Duration> retry_after(const HttpResponse& response) noexcept;

}  // namespace v0
}  // namespace vx11
