#pragma once

/// \file
/// One send under a limit and a breaker: what a chat and a power call have in common. Internal.

#include <vx11/circuit_breaker.hpp>
#include <vx11/transport.hpp>

#include <optional>
#include <string_view>
#include <utility>

#include "verdict.hpp"

namespace vx11::inline v0 {

/// Whom to call, and under what. Owns nothing; what it points to outlives the call.
struct Guard {
  Guard(std::string_view upstream, Transport& transport, Duration limit, SteadyClock clock,
        CircuitBreaker* breaker)
      : upstream(upstream), transport(&transport), limit(limit), clock(clock), breaker(breaker) {}

  std::string_view upstream;  ///< For errors.
  Transport* transport;
  Duration limit;
  SteadyClock clock;
  CircuitBreaker* breaker;  ///< May be null.
};

/// What came of a send. An answer still waits for its verdict; dropped without one it is neutral.
struct Exchange {
  explicit Exchange(Error error, Duration retry_after = {})
      : response(tl::unexpected(std::move(error))), retry_after(retry_after) {}

  Result<HttpResponse> response;  ///< Whatever its status; errors carry the library's own text.
  Duration elapsed = {};          ///< From asking the breaker; zero if nothing was sent.
  Duration retry_after = {};      ///< When the breaker rejected it.
  std::optional<CircuitBreaker::Permit> permit = std::nullopt;

  /// Tells the breaker what the answer was worth.
  void conclude(Verdict verdict) noexcept {
    if (permit) settle(*permit, verdict);
  }
};

/// Sends `request`, which the caller keeps alive, unless nobody waits for it any more, no time is
/// left or the breaker rejects it. Errors are settled with the breaker before this returns. A
/// transport that throws is `unreachable`; one that fails after the caller went away is
/// `cancelled`.
Task<Exchange> guarded_send(Guard guard, const HttpRequest& request, Deadline deadline);

}  // namespace vx11::inline v0
