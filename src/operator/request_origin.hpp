#pragma once

/// \file
/// Refuses requests that a browser sends for pages of other origins. Internal.

#include <optional>

#include "operator/context.hpp"
#include "operator/routes.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// 403 for a Host that is none of `OperatorApiOptions::hosts`, and for a request that changes state
/// on behalf of a page of another origin. Clients other than browsers send neither Origin nor
/// Sec-Fetch-Site.
std::optional<HttpResponse> refuse_origin(const Context& context, const Route& route,
                                          const HttpRequest& request);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
