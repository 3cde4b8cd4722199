#pragma once

/// \file
/// Counts what the probes of the status might wake.

#include <vx11/metric_family.hpp>
#include <vx11/transport.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace gateway {

/// Requests that may have woken a service.
using Wakeups = std::atomic<std::uint64_t>;

/// Whether a request of a probe may make madre call services that sleep: it is not one of those
/// that only read her power state, which she answers from memory.
bool may_wake(const vx11::HttpRequest& request) noexcept;

/// `inner`, for the probes of the status alone: counts each request that may wake a service.
std::shared_ptr<vx11::Transport> make_status_transport(std::shared_ptr<vx11::Transport> inner,
                                                       std::shared_ptr<Wakeups> wakeups);

/// The counter, for `GET /metrics`.
vx11::MetricFamily wakeup_metrics(std::shared_ptr<const Wakeups> wakeups);

}  // namespace gateway
