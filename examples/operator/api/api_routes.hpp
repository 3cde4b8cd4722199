#pragma once

/// \file
/// The routes below `/operator/api`: functions from an admitted call to a JSON answer or a stream.

#include <vx11/deadline.hpp>
#include <vx11/http_message.hpp>
#include <vx11/streaming.hpp>
#include <vx11/task.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/api/caller.hpp"

namespace backend {

/// A request whose caller is known. Lives until the task of its route has completed.
struct ApiCall {
  ApiCall(const vx11::HttpRequest& received, const vx11::Deadline& until, Caller sender,
          std::string correlation)
      : request(received),
        deadline(until),
        caller(std::move(sender)),
        correlation_id(std::move(correlation)) {}

  /// The path segment that `{name}` of the pattern matched, percent-decoded.
  std::string path_argument(std::string_view name) const;
  /// A parameter of the query, decoded; empty if it is absent.
  std::string query(std::string_view name) const;

  const vx11::HttpRequest& request;
  const vx11::Deadline& deadline;
  Caller caller;
  /// Of `X-Correlation-Id`, taken over or made. Every answer, event and audit entry carries it.
  std::string correlation_id;
  std::string_view pattern = {};  ///< Of the route, as `ApiRoute` has it or the whole path.
};

/// An answer. `correlation_id` is added to a JSON object.
struct ApiAnswer {
  ApiAnswer() = default;
  explicit ApiAnswer(nlohmann::json content) : body(std::move(content)) {}
  ApiAnswer(int code, nlohmann::json content) : status(code), body(std::move(content)) {}
  /// The answer has another form than JSON, or is a stream.
  explicit ApiAnswer(vx11::StreamedResponse response)
      : other(std::move(response)), is_json(false) {}

  int status = 200;
  nlohmann::json body = {};
  vx11::Headers headers = {};
  vx11::StreamedResponse other = {};
  bool is_json = true;
};

using ApiFunction = std::function<vx11::Task<ApiAnswer>(const ApiCall&)>;

/// What a route requires besides a credential.
struct ApiRouteOptions {
  vx11::Scopes scopes = {};            ///< All of them: 403 that names the missing one.
  std::size_t max_body_bytes = 65536;  ///< 413 above.
  /// No credential is looked at; `Caller` has an address alone.
  bool is_public = false;
  /// A credential may be absent, for routes that accept another proof, such as an ephemeral token;
  /// `Caller` then has an address alone. One that is sent is confirmed as everywhere.
  bool is_optional = false;
  /// The cookie of a login suffices, whether or not the gateway can confirm its token; `Caller` has
  /// no scopes then. For logging out, which must not wait for the gateway.
  bool login_suffices = false;
  bool at_root = false;  ///< `pattern` is the whole path.
};

struct ApiRoute {
  std::string method = {};
  /// Below `/operator/api`: "/events", "/sessions/{id}". One that begins with `/operator/` is the
  /// whole path: "/operator/ws".
  std::string pattern = {};
  ApiFunction answer = {};
  ApiRouteOptions options = {};
};

/// Each part of the backend returns its routes; `OperatorBackend` serves them all, below
/// `/operator/api` and `/operator/api/v1`.
using ApiRoutes = std::vector<ApiRoute>;

}  // namespace backend
