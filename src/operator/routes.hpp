#pragma once

/// \file
/// Maps paths to endpoints. Internal.

#include <vx11/http_request_metrics.hpp>
#include <vx11/scope.hpp>

#include <optional>
#include <string_view>
#include <vector>

#include "http/route_pattern.hpp"
#include "operator/endpoint.hpp"
#include "operator/endpoints.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Whether an endpoint reads a body. Requests may carry one that is not read.
enum class BodyRule : unsigned char { ignored, optional, required };

struct Route {
  http_detail::PathPattern pattern;
  std::string_view method;  ///< GET, which includes HEAD, POST or PUT.
  /// What a credential must allow; none: public. `OperatorApiOptions::metrics` may open `/metrics`.
  std::optional<Scope> scope = Scope::admin;
  Endpoint endpoint = Endpoint::none;
  Task<HttpResponse> (*answer)(const Context&, const Call&) = nullptr;  ///< Null: a chat.
  BodyRule body = BodyRule::ignored;
  /// What suffices as well for GET.
  std::optional<Scope> reader = std::nullopt;
  Task<HttpResponse> (*remove)(const Context&, const Call&) = nullptr;  ///< DELETE; null: none.
  bool any_scope = false;  ///< Every valid credential suffices, also one without scopes.
};

/// A route and the value of its `{}`.
struct Match {
  const Route* route = nullptr;  ///< Null: not found.
  std::string_view argument = {};

  std::string_view pattern() const noexcept {
    return route != nullptr ? route->pattern.text() : std::string_view();
  }
  Endpoint endpoint() const noexcept { return route != nullptr ? route->endpoint : Endpoint::none; }
};

/// Matches `target`, ignoring its query. The views are valid as long as `target`.
Match find_route(std::string_view target) noexcept;

/// All of them.
std::vector<ServedRoute> served_routes();

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
