#pragma once

/// \file
/// Login, logout, and who is logged in.

#include <chrono>

#include "operator/api/api_routes.hpp"
#include "operator/logins/gateway_authorizer.hpp"

namespace backend {

/// How logins are answered.
struct AuthRouteOptions {
  AdmissionParts parts = {};
  bool read_only = false;
  /// Whether browsers connect by TLS; the cookie is then sent by TLS alone.
  bool has_tls = false;
  /// Whether `X-Forwarded-Proto: https` says the same, where a trusted proxy ends TLS.
  bool believes_proxies = false;
  vx11::WallClock clock = {};
};

/// `POST auth/login`, `POST auth/logout`, `GET auth/verify`, `GET me`.
ApiRoutes auth_routes(const AuthRouteOptions& options);

}  // namespace backend
