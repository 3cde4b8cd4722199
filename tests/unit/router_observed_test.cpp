// What becomes of calls that were overtaken, or whose caller left.

#include "router_held_site.hpp"

using namespace router_upstreams;
using vx11::Overtaken;

TEST_CASE("an overtaken call is observed: its outcome counts, its answer is dropped") {
  Site site;
  const Router router = site.router();
  SUBCASE("it runs out its limit: three of them open the breaker") {
    for (std::size_t i = 0; i < 3; ++i) {
      Chat chat(router);
      site.advance(4s);
      site.madre->say(i, "beside");
      CHECK(chat.asking.done());
    }
    CHECK(breaker_of(router, "switch").failures == 0);
    site.advance(15s);
    CHECK(breaker_of(router, "switch").state == CircuitState::open);
    CHECK(breaker_of(router, "switch").failures == 3);
  }
  SUBCASE("it answers: no failure") {
    Chat chat(router);
    site.advance(4s);
    site.madre->say(0, "beside");
    site.advance(2s);
    site.switch_->say(0, "dropped");
    site.advance(15s);
    CHECK(breaker_of(router, "switch").failures == 0);
    CHECK(chat.asking.take()->text == "beside");
  }
  SUBCASE("its own limit counts, not that of the chat") {
    Chat chat(router, site.time.clock.now() + 5s);
    site.advance(4s);
    site.madre->say(0, "beside");
    CHECK(site.switch_->deadline(0).remaining(site.time.clock.now()) == 11s);
  }
}

TEST_CASE("at most eight calls of a target are observed, further ones are cancelled and neutral") {
  Site site;
  RouterOptions options = site.options();
  options.targets[0].breaker =
      std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions{.failures_to_open = 100});
  const Router router = Router::create(options).value();
  for (std::size_t i = 0; i < 10; ++i) {
    Chat chat(router);
    site.time.timer->advance(4s);
    site.madre->say(i, "beside");
    CHECK(chat.asking.done());
  }
  CHECK(site.switch_->all_under_way() == 8);
  CHECK(site.switch_->cancelled(8));
  CHECK(site.switch_->cancelled(9));
  CHECK(breaker_of(router, "switch").failures == 0);
  site.advance(60s);
  CHECK(breaker_of(router, "switch").failures == 8);
  Chat chat(router);
  site.advance(4s);
  site.madre->say(10, "beside");
  CHECK(site.switch_->under_way(10));
}

TEST_CASE("overtaken = cancel stops the call, which is neutral") {
  Site site;
  RouterOptions options = site.options();
  options.overtaken = Overtaken::cancel;
  const Router router = Router::create(options).value();
  for (std::size_t i = 0; i < 4; ++i) {
    Chat chat(router);
    site.advance(4s);
    site.madre->say(i, "beside");
    CHECK(chat.asking.done());
    CHECK(site.switch_->cancelled(i));
  }
  CHECK(breaker_of(router, "switch").failures == 0);
}

TEST_CASE("a caller who leaves early cancels, one who leaves later lets the call be observed") {
  Site site;
  const Router router = site.router();
  SUBCASE("early") {
    Chat chat(router);
    site.advance(3s);
    chat.leave();
    REQUIRE(chat.asking.done());
    CHECK(chat.asking.take().error().code == Errc::cancelled);
    CHECK(site.switch_->cancelled(0));
    CHECK(breaker_of(router, "switch").failures == 0);
    CHECK(breaker_of(router, "switch").totals.neutral == 1);
  }
  SUBCASE("later: the slow call is observed, the other is cancelled") {
    Chat chat(router);
    site.advance(5s);
    chat.leave();
    REQUIRE(chat.asking.done());
    const Asked reply = chat.asking.take();
    CHECK(reply.error().code == Errc::cancelled);
    CHECK(outcomes(reply.error().attempts) ==
          std::vector<Outcome>{Outcome::cancelled, Outcome::cancelled});
    CHECK(site.switch_->under_way(0));
    CHECK(site.madre->cancelled(0));
    site.advance(15s);
    CHECK(breaker_of(router, "switch").failures == 1);
    CHECK(breaker_of(router, "madre").failures == 0);
  }
  SUBCASE("the only target, too") {
    RouterOptions options = site.options();
    options.targets.erase(options.targets.begin());
    const Router alone = Router::create(options).value();
    Chat chat(alone);
    site.advance(5s);
    chat.leave();
    CHECK(chat.asking.done());
    CHECK(site.madre->under_way(0));
    site.advance(15s);
    CHECK(breaker_of(alone, "madre").failures == 1);
  }
}

TEST_CASE("a last resort keeps its place until its call has ended, not only its chat") {
  Site site;
  RouterOptions options = site.options();
  options.targets.pop_back();
  options.last_resorts = 1;
  const Router router = Router::create(options).value();
  for (int i = 0; i < 3; ++i) router.breaker("switch")->try_acquire()->failure();
  const auto in_five_seconds = [&] { return site.time.clock.now() + 5s; };
  Chat first(router, in_five_seconds());
  site.advance(5s);
  REQUIRE(first.asking.done());
  CHECK(site.switch_->under_way(0));
  Chat second(router, in_five_seconds());
  REQUIRE(second.asking.done());
  CHECK(second.asking.take().error().code == Errc::circuit_open);
  site.switch_->say(0, "late");
  Chat third(router, in_five_seconds());
  REQUIRE(site.switch_->calls() == 2);
  site.switch_->say(1, "in time");
  CHECK(third.asking.done());
}

TEST_CASE("observed calls outlive their router") {
  Site site;
  std::optional<Router> router = site.router();
  const auto breaker = router->breaker("switch");
  {
    Chat chat(*router);
    site.advance(4s);
    site.madre->say(0, "beside");
    CHECK(chat.asking.done());
  }
  router.reset();
  CHECK(breaker->snapshot().failures == 0);
  site.advance(15s);
  CHECK(breaker->snapshot().failures == 1);
}
