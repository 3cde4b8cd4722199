// Two gateways with the same rules: one of them acts.

#include "gateway/power/power_lease.hpp"

#include <vx11/rfc3339.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "one_window_madre.hpp"
#include "redis_server.hpp"
#include "shared_redis_site.hpp"

using namespace gateway;
using namespace std::chrono_literals;

namespace {

using Madre = OneWindowMadre;

/// A gateway's part of it, whose looks at madre the test orders.
struct Replica {
  Replica(Madre& of, std::shared_ptr<vx11::RedisLease> with)
      : madre(of), shared(with), lease(std::move(with)) {
    vx11::PowerGovernorOptions rules;
    rules.schedules.resize(1);
    rules.schedules[0].name = "office";
    rules.schedules[0].from = 8h;
    rules.schedules[0].to = 18h;
    rules.schedules[0].services = {"switch"};
    rules.schedules[0].ttl = 1h;
    rules.budget.per_day = 12h;
    rules.clock = madre.clock;
    rules.wall_clock = madre.clock;
    governor = vx11::PowerGovernor::create(rules).value();
    look();
  }
  void look() {
    ++looks;
    governor->observe(madre.state());
  }
  /// \return whether it acted
  bool step() {
    const auto order = lease.next(*governor, 60s, [this] {
      look();
      return true;
    });
    if (!order) return false;
    governor->concluded(*order, madre.open(order->window));
    lease.carried_out();
    return true;
  }
  std::int64_t used() const {
    const auto shown = nlohmann::json::parse(governor->to_json());
    return shown.at("budget").at("day").at("used_sec").get<std::int64_t>();
  }
  std::vector<std::string> failures() const {
    std::vector<std::string> all;
    for (const auto& decision : governor->decisions()) {
      if (decision.kind == vx11::PowerDecisionKind::failed) all.push_back(decision.reason);
    }
    return all;
  }

  Madre& madre;
  std::shared_ptr<vx11::RedisLease> shared;
  PowerLease lease;
  std::shared_ptr<vx11::PowerGovernor> governor = {};
  int looks = 0;
};

std::shared_ptr<vx11::RedisLease> lease_of(const RedisServer& server) {
  return vx11::make_redis_lease(shared_redis_site::client_of(server), "vx11:power:lease").value();
}

}  // namespace

TEST_CASE("of two gateways with one schedule one acts, and each counts the window once") {
  const RedisServer server;
  vx11::testing::ManualClock clock;
  clock.set_wall(vx11::parse_rfc3339("2026-06-15T08:00:00Z").value());
  Madre madre(clock);
  Replica first(madre, lease_of(server));
  Replica second(madre, lease_of(server));
  CHECK(first.step());
  CHECK_FALSE(second.step());  // its state is older than the window
  CHECK(madre.asked == 1);
  for (int minutes = 0; minutes < 180; ++minutes) {
    clock.advance(60s);
    for (Replica* each : {&first, &second}) {
      each->look();
      each->step();
    }
  }
  CHECK(madre.asked == 4);  // at 8, 9, 10 and 11
  CHECK(first.used() == 3 * 3600);
  CHECK(second.used() == 3 * 3600);
  CHECK(first.failures().empty());
  CHECK(second.failures().empty());
}

TEST_CASE("the second gateway acts once the lease is free, by what madre shows then") {
  const RedisServer server;
  vx11::testing::ManualClock clock;
  clock.set_wall(vx11::parse_rfc3339("2026-06-15T08:00:00Z").value());
  Madre madre(clock);
  Replica first(madre, lease_of(server));
  Replica second(madre, lease_of(server));
  CHECK(first.step());
  REQUIRE(vx11::sync_wait(first.shared->release()));
  const int looks = second.looks;
  CHECK_FALSE(second.step());  // it looks again, and sees the window
  CHECK(second.looks == looks + 1);
  CHECK(madre.asked == 1);
  clock.advance(61min);
  second.look();
  CHECK(second.step());
  CHECK(madre.asked == 2);
}

TEST_CASE("a lease that is not given back ends by itself") {
  const RedisServer server;
  const auto first = lease_of(server);
  const auto second = lease_of(server);
  CHECK(vx11::sync_wait(first->hold(1h)).value() == vx11::LeaseHolder::newly_us);
  CHECK(vx11::sync_wait(first->hold(1h)).value() == vx11::LeaseHolder::us);
  CHECK(vx11::sync_wait(second->hold(1h)).value() == vx11::LeaseHolder::other);
  REQUIRE(vx11::sync_wait(second->release()));  // it is not its own
  CHECK(vx11::sync_wait(second->hold(1h)).value() == vx11::LeaseHolder::other);
  CHECK(vx11::sync_wait(first->hold(1ms)).value() == vx11::LeaseHolder::us);
  CHECK(eventually(
      [&] { return vx11::sync_wait(second->hold(1h)).value() == vx11::LeaseHolder::newly_us; }));
}

TEST_CASE("while Redis is away each gateway acts, and the second window is no failure") {
  RedisServer server;
  vx11::testing::ManualClock clock;
  clock.set_wall(vx11::parse_rfc3339("2026-06-15T08:00:00Z").value());
  Madre madre(clock);
  Replica first(madre, lease_of(server));
  Replica second(madre, lease_of(server));
  server.stop();
  CHECK(first.step());
  CHECK(second.step());
  CHECK(madre.asked == 2);
  CHECK(second.failures().empty());
  clock.advance(60s);
  for (Replica* each : {&first, &second}) {
    each->look();
    CHECK_FALSE(each->step());
  }
  CHECK(madre.asked == 2);
}

TEST_CASE("a lease without a client or a key is a mistake") {
  CHECK_FALSE(vx11::make_redis_lease(nullptr, "key"));
  const RedisServer server;
  CHECK_FALSE(vx11::make_redis_lease(shared_redis_site::client_of(server), ""));
}
