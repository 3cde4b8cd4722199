#pragma once

/// \file
/// Answers to requests beyond a limit. Internal.

#include <vx11/http_message.hpp>
#include <vx11/request_limits.hpp>

#include <chrono>

namespace vx11 {
inline namespace v0 {
namespace limits {

/// `wait` in whole seconds, rounded up, at least one.
std::chrono::seconds whole_seconds(Duration wait) noexcept;

/// 429, of `RequestLimit::concurrent` 503, in the form of the API that `request` is for, with
/// `wait` as its Retry-After.
HttpResponse limit_answer(RequestLimit limit, const HttpRequest& request,
                          std::chrono::seconds wait);

}  // namespace limits
}  // namespace v0
}  // namespace vx11
