#pragma once

/// \file
/// Evaluates probe results and other evidence: the part of health without threads. Internal.

#include <vx11/health_aggregator.hpp>

#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The probe to call, or null for a component without one of its own.
Probe* probe_of(const HealthCheck& check) noexcept;

/// Whether the component is judged by the power state.
bool is_by_power(const HealthCheck& check) noexcept;
/// Whether the fallback of the component judged by the power state blocks; false without one.
bool fallback_blocks(const HealthOptions& options) noexcept;

/// The finding for an answer outside 2xx.
ProbeAnswer degraded_by_status(int status);

/// Whether the answer says that madre has no power windows.
bool lacks_power_windows(const PowerReading& reading) noexcept;

/// madre's health by its power state.
Result<ProbeAnswer> judge(const PowerReading& reading);

/// The health of a component at `now` without a probe's result: from the breaker's state or the
/// description, or `unknown` while its probe is pending.
ComponentHealth without_asking(const HealthComponent& component, WallTime now);

/// The health that a probe's result stands for.
/// \param took the time of the probe, for its text; zero: unknown
ComponentHealth after_asking(const HealthComponent& component, const Result<ProbeAnswer>& seen,
                             Duration took = {});

/// The health of a component whose probe timed out.
ComponentHealth without_answer(const HealthComponent& component);

/// The overall status; `found` is parallel to `components`.
Health overall(const std::vector<HealthComponent>& components,
               const std::vector<ComponentHealth>& found);

}  // namespace v0
}  // namespace vx11
