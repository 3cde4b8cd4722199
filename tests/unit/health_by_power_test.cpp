// A component that is judged by madre's power state: one call serves it and the windows.

#include <vx11/health_aggregator.hpp>
#include <vx11/testing/manual_clock.hpp>
#include <vx11/testing/scripted_transport.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "health_fakes.hpp"
#include "held_transport.hpp"

using namespace std::chrono_literals;
using namespace vx11;
using namespace vx11::fakes;
using testing::ScriptedTransport;

namespace {

constexpr auto kOrigin = "http://madre:8001";
constexpr const char* kSolo =
    R"({"policy":"solo_madre","window_id":null,"active_services":["madre","redis"]})";

/// A madre whose power state and health are scripted apart.
struct Madre {
  std::shared_ptr<ScriptedTransport> power = std::make_shared<ScriptedTransport>();
  std::shared_ptr<ScriptedTransport> health = std::make_shared<ScriptedTransport>();

  HealthReport look() {
    PowerEvidence evidence;
    if (with_fallback) evidence.fallback = make_http_probe(health, kOrigin).value();
    HealthOptions options{.components = {required("madre", std::move(evidence), 2s)},
                          .power = std::make_shared<const PowerStateView>(power, kOrigin)};
    auto aggregator = HealthAggregator::create(std::move(options));
    REQUIRE(aggregator);
    return aggregator->check();
  }
  ComponentHealth component() { return look().components.at(0); }

  bool with_fallback = true;
};

HttpResponse answer(int status, std::string body = "{}") {
  return HttpResponse(status, "application/json", std::move(body));
}

}  // namespace

TEST_CASE_FIXTURE(Madre, "a power state is evidence of madre: one call, and none to its health") {
  power->then_json(kSolo);
  const HealthReport report = look();
  CHECK(report.find("madre")->health == Health::ok);
  CHECK(report.find("madre")->source == EvidenceSource::probe);
  REQUIRE(report.power);
  CHECK(report.power->policy == PowerPolicy::solo_madre);
  CHECK(report.overall == Health::ok);
  CHECK(power->calls() == 1);
  CHECK(health->calls() == 0);
}

TEST_CASE_FIXTURE(Madre, "a madre without power windows is judged by its health") {
  for (const int status : {404, 405, 501}) {
    CAPTURE(status);
    Madre old;
    old.power->then(answer(status));
    old.health->then(answer(200));
    const HealthReport report = old.look();
    CHECK(report.find("madre")->health == Health::ok);
    CHECK_FALSE(report.power);
    CHECK(old.health->calls() == 1);
  }
  power->then(answer(404));
  health->then(answer(503));
  CHECK(component().health == Health::degraded);
}

TEST_CASE_FIXTURE(Madre, "any other answer is degraded, with its status as reason") {
  for (const int status : {302, 400, 401, 403, 429, 500, 502, 503}) {
    CAPTURE(status);
    Madre other;
    other.power->then(answer(status));
    other.health->then(answer(200));
    const ComponentHealth seen = other.component();
    CHECK(seen.health == Health::degraded);
    CHECK(seen.reason == "http_" + std::to_string(status));
    CHECK(seen.error.empty());
    CHECK(other.health->calls() == 0);
  }
}

TEST_CASE_FIXTURE(Madre, "an answer that is no power state is degraded") {
  power->then(answer(200, "<html>"));
  const ComponentHealth seen = component();
  CHECK(seen.health == Health::degraded);
  CHECK(seen.reason == "invalid_reply");
  CHECK(health->calls() == 0);
}

TEST_CASE_FIXTURE(Madre, "no answer is unreachable") {
  power->then_fail(Errc::timeout);
  const ComponentHealth seen = component();
  CHECK(seen.health == Health::unreachable);
  CHECK(seen.error == "connection timeout after 2s");
  CHECK(health->calls() == 0);
}

TEST_CASE_FIXTURE(Madre, "without a fallback a madre without power windows is degraded") {
  with_fallback = false;
  power->then(answer(404));
  CHECK(component().reason == "http_404");
}

TEST_CASE("create refuses evidence that cannot be had, and evidence for two") {
  const auto refused = [](HealthOptions options) {
    const auto made = HealthAggregator::create(std::move(options));
    REQUIRE_FALSE(made);
    return made.error().detail;
  };
  HealthOptions alone;
  alone.components = {required("madre", PowerEvidence())};
  CHECK(refused(alone).find("no power view") != std::string::npos);
  HealthOptions two;
  two.components = {required("madre", PowerEvidence()), required("other", PowerEvidence())};
  two.power =
      std::make_shared<const PowerStateView>(std::make_shared<ScriptedTransport>(), kOrigin);
  CHECK(refused(two).find("another component") != std::string::npos);
}

TEST_CASE_FIXTURE(Madre, "evidence that is reused says so, unless this process is its source") {
  power->then_json(kSolo);
  for (const bool embedded : {false, true}) {
    HealthComponent component = required("madre", PowerEvidence());
    component.embedded = embedded;
    HealthAggregator aggregator({.components = {component},
                                 .power = std::make_shared<const PowerStateView>(power, kOrigin),
                                 .reuse_for = 60s});
    const auto source = [&] { return aggregator.check().components.at(0).source; };
    CHECK(source() == (embedded ? EvidenceSource::embedded : EvidenceSource::probe));
    CHECK(source() == (embedded ? EvidenceSource::embedded : EvidenceSource::cache));
  }
}

TEST_CASE("the age of a power state that was read before counts from that call") {
  testing::ManualClock clock;
  clock.advance(1s);
  const auto transport = std::make_shared<HeldTransport>();
  const auto view = std::make_shared<const PowerStateView>(
      transport, kOrigin, PowerOptions{.reuse_for = 60s, .clock = clock, .wall_clock = clock});
  Running<Result<PowerState>> before(view->async_state());
  transport->answer(0, kSolo);
  REQUIRE(before.result());
  clock.advance(10s);
  HealthAggregator aggregator({.components = {required("madre", PowerEvidence())},
                               .power = view,
                               .clock = clock,
                               .wall_clock = clock});
  const HealthReport report = aggregator.check();
  REQUIRE(report.power);
  CHECK(report.power->age == 10s);
  CHECK(transport->calls() == 1);
}
