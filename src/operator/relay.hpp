#pragma once

/// \file
/// Requests that are passed on to an upstream whose JSON answer comes back. Internal.

#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/router.hpp>
#include <vx11/task.hpp>

#include <string>
#include <string_view>
#include <utility>

#include "operator/context.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// A JSON object, with any status below 500. Of a refusal (4xx) whose body is none it is an error
/// of ours, of a success without a body `{}`.
struct RelayReply {
  RelayReply(int code, std::string body, Duration wait)
      : status(code), json(std::move(body)), retry_after(wait) {}

  int status;
  std::string json;
  Duration retry_after;  ///< Zero: none was given.
  bool ok() const noexcept { return status >= 200 && status < 300; }
};

/// Why there is none.
struct RelayFailure {
  RelayFailure(std::string_view why, Duration wait, int code = 0) noexcept
      : reason(why), retry_after(wait), status(code) {}

  std::string_view reason;  ///< A word for programs; static text.
  Duration retry_after;
  int status;                     ///< Of an answer with 500 or above; else 0.
  bool may_have_arrived = false;  ///< The target may have acted on the request.
};

using Relayed = tl::expected<RelayReply, RelayFailure>;

/// `method` and `path` at the target, with its headers, those of JSON, and the trace of the call.
HttpRequest relay_request(std::string method, const RouterTarget& target, std::string path,
                          std::string json, const Call& call);

/// Sends `request` once, under the target's limit and breaker. A success whose body is no JSON, or
/// a status from 500 on, counts against the target; a refusal does not, nor does 501. The
/// arguments outlive the task.
Task<Relayed> relay(const Context& context, const RouterTarget& target, const HttpRequest& request,
                    const Deadline& deadline);

/// 503: the target did not answer, or may not be called.
HttpResponse relay_offline(const RouterTarget& target, const RelayFailure& why,
                           std::string_view message);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
