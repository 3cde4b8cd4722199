#pragma once

/// \file
/// The endpoints of the OpenAI chat API. Internal.

#include <vx11/http_handler.hpp>
#include <vx11/streaming.hpp>

#include <memory>
#include <string>
#include <string_view>

#include "completions/context.hpp"
#include "completions/request.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// `POST /v1/chat/completions`, `POST /v1/responses` or `POST /v1/completions`. Streamed by the
/// body's `stream`.
/// \param context the caller keeps a share of it until the task has completed
/// \param route_count for a stream, which counts itself
/// \param request with `admission`, `request_id` and `deadline` must outlive the task
Task<StreamedResponse> complete_chat(std::shared_ptr<const Context> context, AnswerStyle style,
                                     const HttpRequest& request, const HttpAdmission& admission,
                                     const std::string& request_id, const Deadline& deadline,
                                     endpoints::RouteCount route_count);

/// The answer to a request for a model that is not configured.
HttpResponse unknown_model();

/// `GET /v1/models`.
HttpResponse list_models(const Context& context);
/// `GET /v1/models/{id}`; `id` is percent-encoded.
HttpResponse show_model(const Context& context, std::string_view id);

}  // namespace completions
}  // namespace v0
}  // namespace vx11
