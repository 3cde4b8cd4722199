#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "health/evidence.hpp"
#include "health_fakes.hpp"

using namespace std::chrono_literals;
using namespace vx11;
using namespace vx11::fakes;

namespace {

using BreakerPtr = std::shared_ptr<const CircuitBreaker>;

ComponentHealth found(Health health) {
  ComponentHealth component;
  component.health = health;
  return component;
}

/// The verdict when the required components besides the process itself are in these states.
Health overall_of(const std::vector<Health>& states) {
  std::vector<HealthComponent> components = {required("tentaculo_link", SelfCheck{})};
  std::vector<ComponentHealth> seen = {found(Health::ok)};
  for (const Health state : states) {
    components.push_back(required("other", probe_that_says(Health::ok)));
    seen.push_back(found(state));
  }
  return overall(components, seen);
}

}  // namespace

TEST_CASE("every state and source has the word of the contract") {
  CHECK(to_string(Health::ok) == "ok");
  CHECK(to_string(Health::available) == "available");
  CHECK(to_string(Health::degraded) == "degraded");
  CHECK(to_string(Health::unreachable) == "unreachable");
  CHECK(to_string(Health::offline) == "offline");
  CHECK(to_string(Health::unknown) == "unknown");
  CHECK(to_string(EvidenceSource::self) == "self");
  CHECK(to_string(EvidenceSource::probe) == "probe");
  CHECK(to_string(EvidenceSource::breaker) == "breaker");
  CHECK(to_string(EvidenceSource::cache) == "cache");
  CHECK(to_string(EvidenceSource::embedded) == "embedded");
}

TEST_CASE("what is known without asking") {
  const WallTime now{1234ms};

  SUBCASE("the process itself is ok") {
    const ComponentHealth self = without_asking(required("tentaculo_link", SelfCheck{}), now);
    CHECK(self.name == "tentaculo_link");
    CHECK(self.port == 8001);
    CHECK(self.required);
    CHECK(self.health == Health::ok);
    CHECK(self.source == EvidenceSource::self);
    CHECK(self.checked_at == now);
  }
  SUBCASE("nothing configured is unknown") {
    const ComponentHealth none = without_asking(required("redis", NotConfigured{}), now);
    CHECK(none.health == Health::unknown);
    CHECK(none.reason == "not_configured");
  }
  SUBCASE("a null probe and a null breaker are nothing configured") {
    CHECK(without_asking(required("a", std::shared_ptr<Probe>()), now).reason == "not_configured");
    CHECK(without_asking(required("b", BreakerPtr()), now).reason == "not_configured");
  }
  SUBCASE("what is absent is offline") {
    const ComponentHealth absent = without_asking(required("switch", Absent{}), now);
    CHECK(absent.health == Health::offline);
    CHECK(absent.reason == "not_configured");
  }
  SUBCASE("what has yet to answer is unknown") {
    const auto probe = probe_that_says(Health::ok);
    const ComponentHealth asked = without_asking(required("madre", probe), now);
    CHECK(asked.health == Health::unknown);
    CHECK(asked.source == EvidenceSource::probe);
    CHECK(probe->looks() == 0);
  }
}

TEST_CASE("a breaker is read: closed and half-open are available, open is offline") {
  testing::ManualClock clock;
  const auto breaker = std::make_shared<CircuitBreaker>(
      CircuitBreakerOptions{.failures_to_open = 1, .open_for = 60s}, clock);
  const HealthComponent component = optional("switch", BreakerPtr(breaker));

  CHECK(without_asking(component, {}).health == Health::available);
  CHECK(without_asking(component, {}).source == EvidenceSource::breaker);
  CHECK(without_asking(component, {}).reason == "");

  breaker->try_acquire()->failure();
  CHECK(without_asking(component, {}).health == Health::offline);
  CHECK(without_asking(component, {}).reason == "circuit_open");

  clock.advance(60s);
  CHECK(without_asking(component, {}).health == Health::available);
}

TEST_CASE("what a probe says is passed on") {
  const HealthComponent component = required("madre", probe_that_says(Health::ok), 2s);
  CHECK(after_asking(component, Health::ok).health == Health::ok);
  CHECK(after_asking(component, Health::degraded).health == Health::degraded);
  CHECK(after_asking(component, Health::ok).source == EvidenceSource::probe);
  CHECK(after_asking(component, Health::ok).error == "");
  CHECK(after_asking(component, ProbeAnswer(Health::degraded, "busy")).reason == "busy");
}

TEST_CASE("a probe that this process had no means for says nothing about the component") {
  const HealthComponent component = required("madre", probe_that_says(Health::ok), 2s);
  const ComponentHealth seen = after_asking(component, fail(Errc::exhausted));
  CHECK(seen.health == Health::unknown);
  CHECK(seen.reason == "exhausted");
  CHECK(overall({component}, {seen}) == Health::unknown);
}

TEST_CASE("a component that this process answers for says so, whatever is found") {
  HealthComponent component = required("madre", probe_that_says(Health::ok));
  component.embedded = true;
  CHECK(after_asking(component, Health::ok).source == EvidenceSource::embedded);
  CHECK(without_asking(component, {}).source == EvidenceSource::embedded);
}

TEST_CASE("a probe's failure is unreachable, with a text of our own") {
  const HealthComponent component = required("madre", probe_that_says(Health::ok), 2s);
  const auto text = [&](Errc code) {
    const ComponentHealth seen = after_asking(component, fail(code, "password=hunter2"));
    CHECK(seen.health == Health::unreachable);
    return seen.error;
  };
  CHECK(text(Errc::timeout) == "connection timeout after 2s");
  const auto brief = after_asking(component, fail(Errc::timeout, "own limit"), 1008ms);
  CHECK(brief.error == "connection timeout after 1s");
  CHECK(text(Errc::unreachable) == "connection failed");
  CHECK(text(Errc::cancelled) == "connection failed");
  CHECK(text(Errc::invalid_reply) == "invalid reply");
  CHECK(text(Errc::too_large) == "invalid reply");
  CHECK(without_answer(component).health == Health::unreachable);
  CHECK(without_answer(component).error == "connection timeout after 2s");
}

TEST_CASE("the whole is ok when every required component is ok or available") {
  CHECK(overall_of({}) == Health::ok);
  CHECK(overall_of({Health::ok, Health::available}) == Health::ok);
}

TEST_CASE("the whole is degraded when some required component is not") {
  CHECK(overall_of({Health::ok, Health::degraded}) == Health::degraded);
  CHECK(overall_of({Health::ok, Health::unreachable}) == Health::degraded);
  CHECK(overall_of({Health::offline, Health::available}) == Health::degraded);
}

TEST_CASE("the whole is offline when no required component but the process itself is") {
  CHECK(overall_of({Health::unreachable}) == Health::offline);
  CHECK(overall_of({Health::offline, Health::unreachable, Health::degraded}) == Health::offline);
}

TEST_CASE("what is not known yet makes nothing ok, and nothing offline") {
  CHECK(overall_of({Health::ok, Health::unknown}) == Health::degraded);
  CHECK(overall_of({Health::unreachable, Health::unknown}) == Health::degraded);
  CHECK(overall_of({Health::unknown, Health::unknown}) == Health::unknown);
}

TEST_CASE("only what is required counts, and what is not configured never does") {
  const auto verdict = [](HealthComponent extra) {
    const std::vector<HealthComponent> components = {required("self", SelfCheck{}), extra};
    std::vector<ComponentHealth> seen;
    for (const HealthComponent& c : components) seen.push_back(without_asking(c, {}));
    return overall(components, seen);
  };
  CHECK(verdict(optional("switch", Absent{})) == Health::ok);
  CHECK(verdict(required("switch", Absent{})) == Health::offline);
  CHECK(verdict(required("redis", NotConfigured{})) == Health::ok);
  CHECK(verdict(required("redis", std::shared_ptr<Probe>())) == Health::ok);
}

TEST_CASE("a component is found by its name") {
  HealthReport report;
  report.components = {found(Health::ok), found(Health::degraded)};
  report.components[0].name = "madre";
  report.components[1].name = "redis";
  REQUIRE(report.find("redis") != nullptr);
  CHECK(report.find("redis")->health == Health::degraded);
  CHECK(report.find("switch") == nullptr);
}
