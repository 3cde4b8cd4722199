// Targets of a group that ask their callers to wait.

#include "router_group.hpp"

using namespace router_upstreams;
using Names = std::vector<std::string>;
using Outcomes = std::vector<Outcome>;

TEST_CASE("a target that answers 429 cools down for its Retry-After, neutral for its breaker") {
  for (const int status : {429, 503, 529}) {
    Group group(2);
    group.at(0).then(refusal(status, {}, "20")).then_json(Group::body("again"));
    group.at(1).then_json(Group::body("fine"));
    const Router router = group.router();
    CHECK(names(router.ask(chat())->attempts) == Names{"g1", "g2"});
    CHECK(failures(router, "g1") == 0);
    CHECK(router.balancer("g")->loads()[0].cooldown_left == 20s);
    for (int i = 0; i < 4; ++i) CHECK(names(router.ask(chat())->attempts) == Names{"g2"});
    group.clock.advance(20s);
    for (int i = 0; i < 2; ++i) CHECK(router.ask(chat())->rank == 0);
    CHECK(group.at(0).calls() == 2);
  }
}

TEST_CASE("without a Retry-After, 429 and 529 cool down for a second, and 503 is a failure") {
  for (const auto& [status, left] : {std::pair(429, 1s), std::pair(529, 1s), std::pair(503, 0s)}) {
    Group group(2);
    group.at(0).then(refusal(status));
    group.at(1).then_json(Group::body("fine"));
    const Router router = group.router();
    CHECK(router.ask(chat()).has_value());
    CHECK(router.balancer("g")->loads()[0].cooldown_left == left);
    CHECK(failures(router, "g1") == (status == 503 ? 1 : 0));
  }
}

TEST_CASE("while all targets of a group cool down none is called, and the failure says how long") {
  Group group(2);
  group.options.targets.pop_back();
  group.at(0).then(refusal(429, {}, "20"));
  group.at(1).then(refusal(429, {}, "10"));
  const Router router = group.router();
  CHECK_FALSE(router.ask(chat()));
  const auto failed = router.ask(chat());
  REQUIRE_FALSE(failed);
  CHECK(names(failed.error().attempts) == Names{"g2"});
  CHECK(outcomes(failed.error().attempts) == Outcomes{Outcome::circuit_open});
  CHECK(failed.error().retry_after == 10s);
  CHECK(group.at(0).calls() + group.at(1).calls() == 2);
}

TEST_CASE("a failure's time to retry is the earliest of the group, of targets not asked, too") {
  Group group(2);
  group.options.targets.pop_back();
  group.at(0).then(refusal(429, {}, "20"));
  group.at(1).then(refusal(429, {}, "50"));
  const Router router = group.router();
  for (int i = 0; i < 3; ++i) router.breaker("g1")->try_acquire()->failure();
  group.clock.advance(55s);  // of 60
  const auto failed = router.ask(chat());
  REQUIRE_FALSE(failed);
  CHECK(names(failed.error().attempts) == Names{"g2"});
  CHECK(failed.error().retry_after == 5s);
}

TEST_CASE("targets without a group have no cooldown, and 529 is a failure") {
  Group group(1);
  group.last().then(refusal(529, {}, "20"));
  const Router router = group.router();
  for (int i = 0; i < 3; ++i) CHECK_FALSE(router.ask(chat()));
  CHECK(group.last().calls() == 3);
  CHECK(router.breaker("last")->state() == CircuitState::open);
}

namespace {

/// Lets the routers of `groups` share a balancer over `g1`, `g2`, … of the first.
void share_balancer(std::vector<Group*> groups, std::size_t size) {
  std::vector<vx11::BalancerMember> members;
  for (std::size_t i = 0; i < size; ++i) {
    RouterTarget& first = groups.front()->options.targets[i];
    first.breaker = std::make_shared<CircuitBreaker>();
    members.push_back({.name = first.name, .breaker = first.breaker});
  }
  const auto shared = std::make_shared<vx11::Balancer>(
      std::move(members), vx11::BalancerOptions{.policy = vx11::WeightedRoundRobin{}},
      groups.front()->clock);
  for (Group* group : groups) {
    group->options.groups[0].shared_balancer = shared;
    for (RouterTarget& target : group->options.targets) {
      for (std::size_t i = 0; i < size; ++i) {
        const RouterTarget& first = groups.front()->options.targets[i];
        if (target.name == first.name) target.breaker = first.breaker;
      }
    }
  }
}

}  // namespace

TEST_CASE("routers with a shared balancer pass by a target that asked one of them to wait") {
  Group a(3);
  Group b(3);
  std::swap(b.options.targets[0], b.options.targets[2]);  // in another order
  share_balancer({&a, &b}, 3);
  a.at(0).then(refusal(429, {}, "20"));
  for (Group* group : {&a, &b}) {
    group->at(1).then_json(Group::body("two"));
    group->at(2).then_json(Group::body("three"));
  }
  const Router first = a.router();
  const Router second = b.router();
  CHECK(names(first.ask(chat())->attempts) == Names{"g1", "g2"});
  for (int i = 0; i < 6; ++i) CHECK(second.ask(chat())->rank == 0);
  CHECK(b.at(0).calls() == 0);
  CHECK(b.at(1).calls() + b.at(2).calls() == 6);
  CHECK(first.balancer("g") == second.balancer("g"));
  a.clock.advance(20s);
  b.at(0).then_json(Group::body("one"));
  for (int i = 0; i < 6; ++i) CHECK(second.ask(chat())->rank == 0);
  CHECK(b.at(0).calls() >= 1);
}

TEST_CASE("a router may have only some of the members of a shared balancer") {
  Group a(3);
  Group b(3);
  b.options.targets.erase(b.options.targets.begin());
  b.options.targets.pop_back();
  share_balancer({&a, &b}, 3);
  b.at(1).then(refusal(429, {}, "20"));
  b.at(2).then(refusal(429, {}, "10"));
  const Router router = b.router();
  CHECK_FALSE(router.ask(chat()));
  const auto failed = router.ask(chat());
  REQUIRE_FALSE(failed);
  CHECK(names(failed.error().attempts) == Names{"g3"});
  CHECK(failed.error().retry_after == 10s);
  CHECK(b.at(0).calls() == 0);
  const auto loads = router.balancer("g")->loads();
  REQUIRE(loads.size() == 3);
  CHECK(loads[0].cooldown_left == 0s);
  CHECK(loads[1].cooldown_left == 20s);
  CHECK(loads[2].calls == 1);
}

TEST_CASE("a shared balancer without a target, or with another breaker than it, is a mistake") {
  Group a(2);
  Group b(2);
  share_balancer({&a, &b}, 1);
  CHECK(Router::create(a.options).error().detail ==
        "group \"g\": its shared_balancer has no member \"g2\"");
  Group c(1);
  Group d(1);
  share_balancer({&c, &d}, 1);
  d.options.targets[0].breaker = nullptr;
  CHECK(Router::create(d.options).error().detail ==
        "group \"g\": the member \"g1\" of its shared_balancer has another breaker than the "
        "target");
}
