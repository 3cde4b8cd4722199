#pragma once

/// \file
/// Who and what is turned away before any work is done. Internal.

#include <optional>

#include "operator/context.hpp"
#include "operator/routes.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// What a request, or the head of one that has no body yet, already earns: no route, no credential,
/// the wrong method (or OPTIONS, which asks for the right one), the wrong type, too large. In this
/// order, and none of it by looking into the body.
std::optional<HttpResponse> refuse(const Context& context, const Match& match,
                                   const HttpRequest& request);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
