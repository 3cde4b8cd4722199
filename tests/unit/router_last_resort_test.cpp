#include "router_upstreams.hpp"

using namespace router_upstreams;

TEST_CASE(
    "with a last resort the first target is tried past its breaker, which does not record it") {
  Upstreams up;
  RouterOptions options = up.options();
  options.last_resorts = 1;
  const Router router = Router::create(options).value();
  for (int i = 0; i < 3; ++i) CHECK_FALSE(router.ask(chat()));  // nothing is scripted: unreachable
  REQUIRE(router.breaker("switch")->state() == CircuitState::open);
  REQUIRE(router.breaker("madre")->state() == CircuitState::open);
  up.primary->then_json(kSwitchSays).then_fail(Errc::unreachable);
  const auto reply = router.ask(chat());
  REQUIRE(reply);
  CHECK(reply->source == "switch");
  CHECK(reply->rank == 0);
  CHECK(reply->reason == "switch_circuit_open");
  CHECK(outcomes(reply->attempts) ==
        std::vector<Outcome>{Outcome::circuit_open, Outcome::circuit_open, Outcome::answered});
  // Its good answer does not close the breaker; it is evidence that lets a probe through.
  CHECK(router.breaker("switch")->state() == CircuitState::half_open);
  CHECK(router.breaker("madre")->state() == CircuitState::open);

  const auto probed = router.ask(chat());
  REQUIRE_FALSE(probed);
  CHECK(probed.error().code == Errc::unreachable);
  CHECK(router.breaker("switch")->state() == CircuitState::open);

  up.primary->then_fail(Errc::unreachable);
  const auto failed = router.ask(chat());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::circuit_open);
  CHECK(failed.error().retry_after == 60s);
  CHECK(outcomes(failed.error().attempts) ==
        std::vector<Outcome>{Outcome::circuit_open, Outcome::circuit_open, Outcome::unreachable});
}

TEST_CASE("the last resort applies if no target was asked, and never to an isolated target") {
  Upstreams up;
  RouterOptions options = up.options();
  options.last_resorts = 1;
  const Router router = Router::create(options).value();
  router.breaker("switch")->isolate();
  const auto one_asked = router.ask(chat());
  CHECK(outcomes(one_asked.error().attempts) ==
        std::vector<Outcome>{Outcome::circuit_open, Outcome::unreachable});

  up.fallback->then_json(kMadreSays);
  for (int i = 0; i < 2; ++i) router.breaker("madre")->try_acquire()->failure();
  const auto reply = router.ask(chat());
  REQUIRE(reply);
  CHECK(reply->source == "madre");
  CHECK(up.primary->requests().empty());

  router.breaker("madre")->isolate();
  const auto nobody = router.ask(chat());
  CHECK(outcomes(nobody.error().attempts) ==
        std::vector<Outcome>{Outcome::circuit_open, Outcome::circuit_open});
}

TEST_CASE("a limited number of concurrent asks bypass the breakers") {
  Upstreams up;
  std::function<void()> on_send;
  auto slow = std::make_shared<InProcessTransport>([&](const HttpRequest&, const Deadline&) {
    if (on_send) on_send();
    return HttpResponse(200, "application/json", kSwitchSays);
  });
  RouterOptions options = up.options();
  options.last_resorts = 1;
  options.targets = {options.targets[0]};
  options.targets[0].transport = slow;
  const Router router = Router::create(options).value();
  for (int i = 0; i < 3; ++i) router.breaker("switch")->try_acquire()->failure();

  on_send = [&] {  // while the first is under way
    const auto second = router.ask(chat());
    CHECK(outcomes(second.error().attempts) == std::vector<Outcome>{Outcome::circuit_open});
  };
  CHECK(router.ask(chat()));
  on_send = nullptr;
  CHECK(router.ask(chat()));  // its place was given back
}
