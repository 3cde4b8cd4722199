#pragma once

/// \file
/// What the endpoints share, and what each is handed. Internal.

#include <vx11/operator_api.hpp>

#include <atomic>
#include <string_view>
#include <utility>

#include "operator/metrics.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// The parts and the counters of one API. The options are complete: `OperatorApi::create` saw to
/// it.
struct Context {
  explicit Context(OperatorApiOptions complete)
      : options(std::move(complete)), metrics(options.router->targets()) {}

  const OperatorApiOptions options;
  std::atomic<bool> draining{false};
  mutable Metrics metrics;
};

/// One request that was let in. References: `OperatorApi::handle` outlives what it awaits.
struct Call {
  Call(const HttpRequest& request, std::string_view argument, const Deadline& deadline)
      : request(request), argument(argument), deadline(deadline) {}

  const HttpRequest& request;
  std::string_view argument;  ///< What stood for `{}` in the route, still percent-encoded.
  const Deadline& deadline;
};

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
