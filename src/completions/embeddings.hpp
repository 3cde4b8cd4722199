#pragma once

/// \file
/// `POST /v1/embeddings`, passed through. Internal.

#include <vx11/deadline.hpp>
#include <vx11/http_message.hpp>
#include <vx11/task.hpp>

#include <memory>
#include <string>

#include "completions/context.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// Sends the body of `request` along the route of its model, and answers as the first target that
/// does.
/// \param request with `admission` and `request_id` must outlive the task
Task<HttpResponse> answer_embeddings(std::shared_ptr<const Context> context,
                                     const HttpRequest& request, const HttpAdmission& admission,
                                     const std::string& request_id, const Deadline& deadline);

}  // namespace completions
}  // namespace v0
}  // namespace vx11
