#pragma once

/// \file
/// Admits callers whose token the gateway confirms, sent in a header or kept by a login. Internal.

#include <memory>
#include <string>
#include <vector>

#include "operator/api/authorizer.hpp"
#include "operator/events/event_store.hpp"
#include "operator/logins/confirmations.hpp"
#include "operator/logins/credential.hpp"
#include "operator/logins/logins.hpp"
#include "operator/parts/audit_log.hpp"

namespace backend {

/// What admission needs. None is null.
struct AdmissionParts {
  std::shared_ptr<Confirmations> confirmations = {};
  std::shared_ptr<Logins> logins = {};
  std::shared_ptr<AuditLog> audit = {};
  std::shared_ptr<EventStore> events = {};
  /// Origins whose pages may send writes with a cookie, besides the backend's own.
  std::vector<std::string> origins = {};
};

/// Writes with a cookie need the login's CSRF token, and come from the backend's own pages or one
/// of `origins`; those with a token in a header do not. A login whose token the gateway refuses is
/// ended.
std::shared_ptr<Authorizer> make_gateway_authorizer(AdmissionParts parts);

}  // namespace backend
