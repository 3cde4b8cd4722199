#pragma once

/// \file
/// Refusals before any work is done. Internal.

#include <optional>

#include "operator/context.hpp"
#include "operator/routes.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// The refusal that a request, or its head alone, justifies: no route, wrong host or origin, no
/// credential or scope, wrong method (or OPTIONS, answered with the allowed ones), wrong type, too
/// large. Checked in this order, without reading the body. `found` gets who sent it, if that was
/// checked.
std::optional<HttpResponse> refuse(const Context& context, const Match& match,
                                   const HttpRequest& request, HttpAdmission::Match& found);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
