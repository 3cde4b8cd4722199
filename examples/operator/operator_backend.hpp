#pragma once

/// \file
/// `OperatorBackend`: the routes of all parts as one handler.

#include <vx11/http_handler.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/result.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/api/api_routes.hpp"
#include "operator/api/authorizer.hpp"
#include "operator/parts/audit_log.hpp"

namespace backend {

/// Whether a part can serve, for `/readyz`. Thread-safe; must not block.
struct Readiness {
  std::string name = {};
  std::function<bool()> is_ready = {};
};

/// An exception that a route has thrown; a view.
struct Defect {
  std::string_view reason = {};  ///< Not to be shown to clients.
  std::string_view method = {};
  std::string_view route = {};  ///< Its pattern.
  std::string_view correlation_id = {};
};

/// What `make_operator_backend` serves.
struct OperatorBackendOptions {
  ApiRoutes routes = {};
  std::shared_ptr<Authorizer> authorizer = {};  ///< Required.
  std::vector<Readiness> readiness = {};
  /// Hosts that requests for `routes` may name, as `is_allowed_host` has it; empty: all.
  std::vector<std::string> hosts = {};
  /// Of writes that are refused because the caller lacks a scope. Null: none are recorded.
  std::shared_ptr<AuditLog> audit = {};
  /// Called for an exception that a route throws, which is answered 500. Must not throw.
  std::function<void(const Defect&)> on_defect = {};
  /// Handlers of whole paths, by prefix: the console, documents, metrics.
  std::vector<std::pair<std::string, std::shared_ptr<vx11::HttpHandler>>> mounts = {};
};

/// Every route below `/operator/api` and `/operator/api/v1`, `/health`, `/livez` and `/readyz`, and
/// what is mounted. A caller is admitted before the body is read or anything is asked for him;
/// answers carry `X-Correlation-Id`, JSON objects `correlation_id` besides. Thread-safe.
/// \return every mistake in one `invalid_argument`
vx11::Result<std::shared_ptr<vx11::HttpHandler>> make_operator_backend(
    OperatorBackendOptions options);

/// Method and pattern of every route that `routes` become, for `vx11::RequestMetrics`.
std::vector<std::pair<std::string, std::string>> served_routes(const ApiRoutes& routes);

}  // namespace backend
