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
