#pragma once

/// \file
/// Cross-origin resource sharing (the Fetch standard, section 3.2): which pages may call the API.
/// Internal.

#include <vx11/http_message.hpp>
#include <vx11/operator_api.hpp>

#include <optional>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Whether the request comes from a page of a configured origin.
bool is_from_allowed_origin(const OperatorApiOptions& options, const HttpRequest& head);

/// The answer to a preflight request, which carries no credential: 204, or 403 for another origin.
/// \return none for any other request, and if no origin is configured
std::optional<HttpResponse> answer_preflight(const OperatorApiOptions& options,
                                             const HttpRequest& head);

/// Adds the fields without which the browser keeps the answer from the page.
void add_cors_fields(const OperatorApiOptions& options, const HttpRequest& head,
                     HttpResponse& answer);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
