#pragma once

/// \file
/// Which path leads to which endpoint. Internal.

#include <string_view>

#include "http/route_pattern.hpp"
#include "operator/endpoint.hpp"
#include "operator/endpoints.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Who is let in.
enum class Entry : unsigned char {
  with_credential,
  as_metrics,  ///< As `OperatorApiOptions::metrics` says.
  everyone,
};

/// Whether an endpoint reads a body. One that it does not read may come all the same.
enum class BodyRule : unsigned char { ignored, optional, required };

struct Route {
  http_detail::PathPattern pattern;
  std::string_view method;  ///< GET, which brings HEAD with it, or POST.
  Endpoint endpoint = Endpoint::none;
  Task<HttpResponse> (*answer)(const Context&, const Call&) = nullptr;
  BodyRule body = BodyRule::ignored;
  Entry entry = Entry::with_credential;
};

/// A route and what its `{}` stands for.
struct Match {
  const Route* route = nullptr;  ///< Null: nothing is there.
  std::string_view argument = {};

  Endpoint endpoint() const noexcept { return route != nullptr ? route->endpoint : Endpoint::none; }
};

/// Where `target` leads; its query is of no matter. The views last as long as `target`.
Match find_route(std::string_view target) noexcept;

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
