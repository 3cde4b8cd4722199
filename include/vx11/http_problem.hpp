#pragma once

/// \file
/// Errors as `application/problem+json` (RFC 9457) around any `HttpHandler`.

#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// How problems are named.
struct ProblemOptions {
  /// `type` is this URI followed by the word of the error, such as `auth_required`. Empty, the
  /// default: `about:blank`, which says no more than the status; the word is the member `error`.
  std::string type_base = {};
};

/// A handler that answers as `inner`, but writes errors (4xx and 5xx with a JSON object) as
/// `application/problem+json` for requests whose `Accept` prefers that: it lists the type with a
/// weight above zero, and not less than that of `application/json`. Wildcards do not count, since
/// every client sends them.
///
/// Members: `type`, `title` (the phrase of the status), `status`, `detail` (the error's own text,
/// or its word), `instance` (`urn:vx11:request:` and the id of the request), then those of the
/// error itself. Its word stands in `error`, also where it was `"status":"service_offline"`; a list
/// of mistakes that was `detail` is `errors`.
/// Streams are not changed. Thread-safe.
/// \return `invalid_argument` if the handler is null, or `type_base` is no printable ASCII
VX11_API Result<std::shared_ptr<HttpHandler>> make_problem_details(
    std::shared_ptr<HttpHandler> inner, ProblemOptions options = {});

}  // namespace v0
}  // namespace vx11
