#pragma once

/// \file
/// What is concluded from a look, or without one: the part of health that knows no thread.
/// Internal.

#include <vx11/health_aggregator.hpp>

#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The probe to be asked, or null for a component that is not asked.
Probe* probe_of(const HealthCheck& check) noexcept;

/// What is known of a component at `now` without asking it: the breaker's state, the description's
/// word, or `unknown` for one whose probe has yet to answer.
ComponentHealth without_asking(const HealthComponent& component, WallTime now);

/// What a probe's word means.
ComponentHealth after_asking(const HealthComponent& component, const Result<Health>& seen);

/// What it means that a probe did not come back in time.
ComponentHealth without_answer(const HealthComponent& component);

/// The verdict on the whole; `found` is parallel to `components`.
Health overall(const std::vector<HealthComponent>& components,
               const std::vector<ComponentHealth>& found);

}  // namespace v0
}  // namespace vx11
