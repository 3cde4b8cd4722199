#pragma once

/// \file
/// What `[limits]` describes: wrong credentials, rates and concurrency.

#include <vx11/attempt_limiter.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/metric_family.hpp>
#include <vx11/request_limits.hpp>
#include <vx11/result.hpp>
#include <vx11/shared_rates.hpp>

#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/auth/authenticator.hpp"
#include "gateway/config/config.hpp"

namespace gateway {

/// What lasts when the configuration is read again.
struct Limits {
  /// The credentials of the gateway, with their limit of failures.
  std::shared_ptr<const vx11::Authenticator> auth = {};
  std::shared_ptr<const vx11::Authenticator> credentials = {};  ///< Those alone.
  OptionalRate failures = {};
  bool loopback_too = false;  ///< Whether `failures` holds for loopback addresses.
  std::shared_ptr<const vx11::AttemptLimiter> attempts = {};  ///< Null: failures are not limited.
  std::uint64_t refused_before = 0;                           ///< By earlier `attempts`.
  std::shared_ptr<vx11::LimitCounters> counters = std::make_shared<vx11::LimitCounters>();
  std::shared_ptr<vx11::SharedRates> shared = {};  ///< Null: rates are those of this gateway.
  std::shared_ptr<const vx11::RequestLimits> requests = {};  ///< Null: requests are not limited.
  vx11::SharedEvents events = {};                            ///< Receives refusals.
};

/// \param earlier of the configuration before; wrong credentials count on unless they or their
///                limit have changed
vx11::Result<Limits> make_limits(const GatewayConfig& config, const Credentials& credentials,
                                 const Limits& earlier);

/// `api` within the limits; `api` itself if there are none.
/// \param metrics counts what the limits refuse; null: nothing does
/// \param limits gets the new ones, where what clients have used counts on
vx11::Result<std::shared_ptr<vx11::HttpHandler>> within_limits(
    const GatewayConfig& config, Limits& limits, const Credentials& credentials,
    std::shared_ptr<vx11::HttpHandler> api,
    std::shared_ptr<vx11::RequestMetrics> metrics = nullptr);

/// Refusals by limit, and with shared rates the decisions that this gateway made alone.
std::vector<vx11::MetricFamily> limit_families(const Limits& limits);

}  // namespace gateway
