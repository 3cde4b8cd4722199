#pragma once

/// \file
/// Cross-origin resource sharing (the Fetch standard, section 3.2): which pages may call the API.
/// Internal.

#include <vx11/http_message.hpp>

#include <optional>
#include <span>
#include <string>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Whether the request comes from a page of one of the `allowed` origins; `*` stands for all.
bool is_from_allowed_origin(std::span<const std::string> allowed, const HttpRequest& head);

/// The answer to a preflight request, which carries no credential: 204, or 403 for another origin.
/// \return none for any other request, and if no origin is allowed
std::optional<HttpResponse> answer_preflight(std::span<const std::string> allowed,
                                             const HttpRequest& head);

/// Adds the fields without which the browser keeps the answer from the page.
void add_cors_fields(std::span<const std::string> allowed, const HttpRequest& head,
                     HttpResponse& answer);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
