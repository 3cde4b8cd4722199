#pragma once

/// \file
/// Decides who sends a request. Internal.

#include <vx11/deadline.hpp>
#include <vx11/http_message.hpp>
#include <vx11/task.hpp>

#include <optional>
#include <utility>

#include <tl/expected.hpp>

#include "operator/api/api_routes.hpp"

namespace backend {

/// An admitted caller, or the answer that refuses the request.
using Confirmation = tl::expected<Caller, ApiAnswer>;

/// **Thread-safe**; outlives its tasks.
class Authorizer {
 public:
  Authorizer() = default;
  Authorizer(const Authorizer&) = delete;
  Authorizer& operator=(const Authorizer&) = delete;
  virtual ~Authorizer() = default;

  /// What the head alone decides, before the body is read.
  /// \return the refusal of a credential that is absent, ambiguous or malformed, or of a write by
  ///         cookie without the CSRF token; none: `confirm` decides
  virtual std::optional<ApiAnswer> refusal_of(const vx11::HttpRequest& head,
                                              bool is_optional) const = 0;
  /// Asks the gateway, unless it has confirmed the credential moments ago. `request` lives until
  /// the task has completed.
  virtual vx11::Task<Confirmation> confirm(const vx11::HttpRequest& request,
                                           vx11::Deadline deadline) = 0;
  /// The same for routes for which the cookie of a login suffices: the gateway is asked only about
  /// a token. The caller of a cookie has no scopes. Default: `confirm`.
  virtual vx11::Task<Confirmation> confirm_login(const vx11::HttpRequest& request,
                                                 vx11::Deadline deadline) {
    return confirm(request, std::move(deadline));
  }
};

}  // namespace backend
