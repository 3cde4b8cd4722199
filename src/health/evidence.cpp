#include "health/evidence.hpp"

#include <vx11/rejection.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "text/duration_text.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

using BreakerPtr = std::shared_ptr<const CircuitBreaker>;
using ProbePtr = std::shared_ptr<Probe>;

constexpr std::string_view kNotConfigured = "not_configured";

ComponentHealth named(const HealthComponent& component, Health health, EvidenceSource source) {
  ComponentHealth found;
  found.name = component.name;
  found.port = component.port;
  found.required = component.required;
  found.health = health;
  found.source = component.embedded ? EvidenceSource::embedded : source;
  return found;
}

ComponentHealth not_configured(const HealthComponent& component, Health health) {
  ComponentHealth found = named(component, health, EvidenceSource::self);
  found.reason = kNotConfigured;
  return found;
}

ComponentHealth from_breaker(const HealthComponent& component, const CircuitBreaker& breaker) {
  if (breaker.state() != CircuitState::open) {
    return named(component, Health::available, EvidenceSource::breaker);
  }
  ComponentHealth found = named(component, Health::offline, EvidenceSource::breaker);
  found.reason = to_string(breaker.mode() == CircuitMode::isolated ? RejectionReason::isolated
                                                                   : RejectionReason::circuit_open);
  return found;
}

ComponentHealth as_described(const HealthComponent& component) {
  const HealthCheck& check = component.check;
  if (probe_of(check) || is_by_power(check)) {
    return named(component, Health::unknown, EvidenceSource::probe);
  }
  if (const auto* breaker = std::get_if<BreakerPtr>(&check); breaker && *breaker) {
    return from_breaker(component, **breaker);
  }
  if (std::holds_alternative<SelfCheck>(check)) {
    return named(component, Health::ok, EvidenceSource::self);
  }
  const bool absent = std::holds_alternative<Absent>(check);
  return not_configured(component, absent ? Health::offline : Health::unknown);
}

/// For how long a probe has waited: it may have a shorter limit of its own than its component has.
Duration waited(Duration limit, Duration took) noexcept {
  constexpr Duration kStep = std::chrono::milliseconds(100);
  const Duration whole = took - took % kStep;
  return whole > Duration::zero() ? std::min(limit, whole) : limit;
}

/// The text is derived from the error code alone: an upstream's text never reaches a status page.
std::string error_text(Errc code, Duration limit) {
  switch (code) {
    case Errc::timeout:
      return "connection timeout after " + duration_text(limit);
    case Errc::invalid_reply:
    case Errc::too_large:
      return "invalid reply";
    default:
      return "connection failed";
  }
}

bool serves(Health health) noexcept {
  return health == Health::ok || health == Health::available;
}

/// Counts the required components by state.
struct Tally {
  std::size_t others = 0;
  std::size_t serving = 0;
  std::size_t unknown = 0;
};

/// Unconfigured components are ignored; components known to be absent count.
bool counts(const HealthComponent& component, const ComponentHealth& found) noexcept {
  if (std::holds_alternative<SelfCheck>(component.check)) return false;
  const bool not_configured = found.health == Health::unknown && found.reason == kNotConfigured;
  return component.required && !not_configured;
}

Tally tally(const std::vector<HealthComponent>& components,
            const std::vector<ComponentHealth>& found) {
  Tally sum;
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (!counts(components[i], found[i])) continue;
    ++sum.others;
    if (serves(found[i].health)) ++sum.serving;
    if (found[i].health == Health::unknown) ++sum.unknown;
  }
  return sum;
}

}  // namespace

std::string_view to_string(Health health) noexcept {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::available:
      return "available";
    case Health::degraded:
      return "degraded";
    case Health::unreachable:
      return "unreachable";
    case Health::offline:
      return "offline";
    case Health::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view to_string(EvidenceSource source) noexcept {
  switch (source) {
    case EvidenceSource::self:
      return "self";
    case EvidenceSource::probe:
      return "probe";
    case EvidenceSource::breaker:
      return "breaker";
    case EvidenceSource::cache:
      return "cache";
    case EvidenceSource::embedded:
      return "embedded";
  }
  return "self";
}

const ComponentHealth* HealthReport::find(std::string_view name) const noexcept {
  for (const ComponentHealth& component : components) {
    if (component.name == name) return &component;
  }
  return nullptr;
}

Probe* probe_of(const HealthCheck& check) noexcept {
  const auto* probe = std::get_if<ProbePtr>(&check);
  return probe ? probe->get() : nullptr;
}

bool is_by_power(const HealthCheck& check) noexcept {
  return std::holds_alternative<PowerEvidence>(check);
}

bool fallback_blocks(const HealthOptions& options) noexcept {
  return std::any_of(options.components.begin(), options.components.end(),
                     [](const HealthComponent& component) {
                       const auto* judged = std::get_if<PowerEvidence>(&component.check);
                       return judged && judged->fallback && judged->fallback->blocks();
                     });
}

ProbeAnswer degraded_by_status(int status) {
  return {Health::degraded, "http_" + std::to_string(status)};
}

bool lacks_power_windows(const PowerReading& reading) noexcept {
  return reading.status == 404 || reading.status == 405 || reading.status == 501;
}

Result<ProbeAnswer> judge(const PowerReading& reading) {
  if (reading.state) return ProbeAnswer(Health::ok);
  switch (reading.state.error().code) {
    case Errc::http_status:
      return degraded_by_status(reading.status);
    case Errc::invalid_reply:
    case Errc::too_large:
      return ProbeAnswer(Health::degraded, "invalid_reply");
    default:
      return fail(reading.state.error());
  }
}

ComponentHealth without_asking(const HealthComponent& component, WallTime now) {
  ComponentHealth found = as_described(component);
  found.checked_at = now;
  return found;
}

ComponentHealth after_asking(const HealthComponent& component, const Result<ProbeAnswer>& seen,
                             Duration took) {
  if (seen) {
    ComponentHealth found = named(component, seen->health, EvidenceSource::probe);
    found.reason = seen->reason;
    return found;
  }
  if (seen.error().code == Errc::exhausted) {
    ComponentHealth found = named(component, Health::unknown, EvidenceSource::probe);
    found.reason = to_string(Errc::exhausted);
    return found;
  }
  ComponentHealth found = named(component, Health::unreachable, EvidenceSource::probe);
  found.error = error_text(seen.error().code, waited(component.timeout, took));
  return found;
}

ComponentHealth without_answer(const HealthComponent& component) {
  ComponentHealth found = named(component, Health::unreachable, EvidenceSource::probe);
  found.error = "connection timeout after " + duration_text(component.timeout);
  return found;
}

Health overall(const std::vector<HealthComponent>& components,
               const std::vector<ComponentHealth>& found) {
  const Tally sum = tally(components, found);
  if (sum.serving == sum.others) return Health::ok;
  if (sum.unknown == sum.others) return Health::unknown;
  const bool any_hope = sum.serving != 0 || sum.unknown != 0;
  return any_hope ? Health::degraded : Health::offline;
}

}  // namespace v0
}  // namespace vx11
