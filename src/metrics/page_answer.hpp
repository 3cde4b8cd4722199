#pragma once

/// \file
/// The answer to `GET /metrics`. Internal.

#include <vx11/http_message.hpp>
#include <vx11/task.hpp>

#include <memory>

#include "metrics/exposition.hpp"

namespace vx11 {
inline namespace v0 {
namespace metrics {

/// In slices, so that no other request waits for a large page.
/// \param owner keeps the page; null: it outlives the task
Task<HttpResponse> answer_of(const Page& page, const HttpRequest& request,
                             std::shared_ptr<const void> owner = {});

}  // namespace metrics
}  // namespace v0
}  // namespace vx11
