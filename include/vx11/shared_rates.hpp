#pragma once

/// \file
/// `SharedRates`: where replicas of a program keep the rates of `RequestLimits` together.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/export.hpp>
#include <vx11/request_limits.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>
#include <vx11/token_limits.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace vx11 {
inline namespace v0 {

/// The rates that one request is subject to.
struct SharedRateRequest {
  std::string principal = {};  ///< Empty: requests without one, which count as one principal.
  std::string session = {};    ///< Any text that identifies it among those of the principal.
  std::optional<RequestRate> per_token = std::nullopt;    ///< None: not limited.
  std::optional<RequestRate> per_session = std::nullopt;  ///< None: not limited.
  std::uint32_t tokens_per_minute = 0;                    ///< 0: not limited.

  bool empty() const noexcept { return !per_token && !per_session && tokens_per_minute == 0; }
};

/// What was decided on a request.
struct SharedRateDecision {
  /// The rate that refuses it: `tokens_per_minute`, `per_token` or `per_session`. None: admitted.
  std::optional<RequestLimit> refused = std::nullopt;
  Duration wait = {};  ///< Until it would be admitted; zero if it is.
  /// Until all requests of a rate are available again; zero without that rate.
  Duration token_backlog = {};
  Duration session_backlog = {};
};

/// Decides on rates for several processes, so that they hold in sum.
///
/// The rates are those of `RateLimiter`, and are taken in the order tokens per minute, token,
/// session, as `RequestLimits` does: a request that its session refuses has counted for its token.
///
/// **Thread-safe**. Outlives its tasks.
class VX11_API SharedRates {
 public:
  SharedRates() = default;
  SharedRates(const SharedRates&) = delete;
  SharedRates& operator=(const SharedRates&) = delete;
  virtual ~SharedRates() = default;

  /// Takes one request from its rates. Takes no longer than the implementation's limit, nor than
  /// `deadline`.
  /// \return an error if the store cannot decide; then the process decides by itself
  virtual Task<Result<SharedRateDecision>> take(SharedRateRequest request, Deadline deadline) = 0;
  /// Charges language tokens that a chat of `principal` has used. Does not block; they are lost if
  /// the store cannot be reached.
  virtual void charge(const std::string& principal, std::uint32_t tokens_per_minute,
                      std::uint64_t tokens) noexcept = 0;
};

}  // namespace v0
}  // namespace vx11
