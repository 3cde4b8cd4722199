#pragma once

/// \file
/// The state shared by all endpoints, and the arguments of one request. Internal.

#include <vx11/operator_api.hpp>

#include <atomic>
#include <string_view>
#include <utility>

#include "operator/metrics.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// The components and counters of one API. `OperatorApi::create` has validated the options.
struct Context {
  explicit Context(OperatorApiOptions complete)
      : options(std::move(complete)), metrics(options.router->targets()) {}

  const OperatorApiOptions options;
  std::atomic<bool> draining{false};
  mutable Metrics metrics;
};

/// One admitted request. Holds references: `OperatorApi::handle` outlives the tasks it awaits.
struct Call {
  Call(const HttpRequest& request, std::string_view argument, const Deadline& deadline)
      : request(request), argument(argument), deadline(deadline) {}

  const HttpRequest& request;
  std::string_view argument;  ///< The value of `{}` in the route, still percent-encoded.
  const Deadline& deadline;
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
