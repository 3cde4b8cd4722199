// Targets that are slow: the next one is asked beside them, and what becomes of their calls.

#include "held_upstream.hpp"
#include "policy_fakes.hpp"
#include "router_upstreams.hpp"

using namespace router_upstreams;
using vx11::Duration;
using vx11::Overtaken;

namespace {

using Asked = vx11::Result<vx11::ChatReply, vx11::ChatFailure>;

/// switch and madre that answer when the test says so.
struct Site {
  Site() = default;
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site() {
    switch_->end_all();
    madre->end_all();
  }

  ManualTime time = {};
  std::shared_ptr<HeldUpstream> switch_ = std::make_shared<HeldUpstream>();
  std::shared_ptr<HeldUpstream> madre = std::make_shared<HeldUpstream>();

  RouterOptions options() const {
    return {.targets = {{.name = "switch", .url = "http://switch:8002", .transport = switch_},
                        {.name = "madre", .url = "http://madre:8001", .transport = madre}},
            .timer = time.timer,
            .clock = time.clock};
  }
  Router router() const { return Router::create(options()).value(); }

  /// Second by second, so that limits end calls when they should.
  void advance(Duration by) {
    for (; by > 0s; by -= 1s) {
      time.timer->advance(std::min<Duration>(by, 1s));
      switch_->expire(time.clock.now());
      madre->expire(time.clock.now());
    }
  }
};

/// A chat whose caller can leave.
struct Chat {
  explicit Chat(const Router& router, vx11::TimePoint until = vx11::TimePoint::max())
      : asking(router.async_ask(chat(), Deadline(until, left.get_token()))) {}
  void leave() { left.request_stop(); }

  std::stop_source left = {};
  Started<Asked> asking;
};

vx11::CircuitSnapshot breaker_of(const Router& router, std::string_view name) {
  return router.breaker(name)->snapshot();
}

/// Asks switch `times` times, which answers each after `taken`.
void answers_in(Site& site, const Router& router, Duration taken, int times) {
  for (int i = 0; i < times; ++i) {
    const std::size_t number = site.switch_->calls();
    Chat chat(router);
    site.advance(taken);
    site.switch_->say(number, "learned");
    for (std::size_t m = 0; m < site.madre->calls(); ++m) {
      if (site.madre->under_way(m)) site.madre->say(m, "beside");
    }
    REQUIRE(chat.asking.done());
  }
}

}  // namespace

TEST_CASE("a target that has not answered in four seconds is overtaken by the next") {
  Site site;
  const Router router = site.router();
  Chat chat(router);
  site.advance(3999ms);
  CHECK(site.madre->calls() == 0);
  site.advance(1ms);
  REQUIRE(site.madre->calls() == 1);
  site.advance(1s);
  site.madre->say(0, "beside");
  REQUIRE(chat.asking.done());
  const Asked reply = chat.asking.take();
  REQUIRE(reply);
  CHECK(reply->text == "beside");
  CHECK(reply->source == "madre");
  CHECK(reply->rank == 1);
  CHECK(reply->reason == "switch_slow");
  CHECK(outcomes(reply->attempts) == std::vector<Outcome>{Outcome::overtaken, Outcome::answered});
  CHECK(reply->attempts[0].elapsed == 5s);
  CHECK(reply->attempts[1].elapsed == 1s);
  CHECK(site.time.timer->sleepers() == 0);
}

TEST_CASE("the first good answer wins, the slow target's own too") {
  Site site;
  const Router router = site.router();
  Chat chat(router);
  site.advance(5s);
  site.switch_->say(0, "late");
  REQUIRE(chat.asking.done());
  const Asked reply = chat.asking.take();
  CHECK(reply->text == "late");
  CHECK(reply->rank == 0);
  CHECK(reply->reason.empty());
  CHECK(outcomes(reply->attempts) == std::vector<Outcome>{Outcome::answered, Outcome::overtaken});
  CHECK(reply->attempts[1].elapsed == 1s);
  CHECK(site.madre->under_way(0));
  site.madre->say(0, "dropped");
  CHECK(breaker_of(router, "madre").state == CircuitState::closed);
}

TEST_CASE("an answer in time calls no other target and leaves no alarm set") {
  Site site;
  const Router router = site.router();
  Chat chat(router);
  CHECK(site.time.timer->sleepers() == 1);
  site.switch_->say(0, "prompt");
  REQUIRE(chat.asking.done());
  CHECK(chat.asking.take()->text == "prompt");
  CHECK(site.time.timer->sleepers() == 0);
  site.advance(60s);
  CHECK(site.madre->calls() == 0);
}

TEST_CASE("a failure beside a slow target does not end the chat") {
  Site site;
  const Router router = site.router();
  SUBCASE("the second fails, the first still answers") {
    Chat chat(router);
    site.advance(4s);
    site.madre->end(0, HttpResponse(500));
    CHECK_FALSE(chat.asking.done());
    site.advance(1s);
    site.switch_->say(0, "after all");
    const Asked reply = chat.asking.take();
    CHECK(reply->text == "after all");
    CHECK(outcomes(reply->attempts) == std::vector<Outcome>{Outcome::answered, Outcome::error});
  }
  SUBCASE("both fail: the failure is that of the first, although it came later") {
    Chat chat(router);
    site.advance(4s);
    site.madre->end(0, HttpResponse(500));
    site.advance(11s);
    REQUIRE(chat.asking.done());
    const Asked reply = chat.asking.take();
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == Errc::timeout);
    CHECK(reply.error().upstream == "switch");
    CHECK(outcomes(reply.error().attempts) ==
          std::vector<Outcome>{Outcome::timeout, Outcome::error});
  }
  SUBCASE("the second's breaker is open") {
    router.breaker("madre")->isolate();
    Chat chat(router);
    site.advance(5s);
    CHECK_FALSE(chat.asking.done());
    site.switch_->say(0, "alone");
    const Asked reply = chat.asking.take();
    CHECK(outcomes(reply->attempts) ==
          std::vector<Outcome>{Outcome::answered, Outcome::circuit_open});
  }
  SUBCASE("the first fails at once: no waiting, and the second has its own time") {
    Chat chat(router);
    site.advance(1s);
    site.switch_->end(0, vx11::fail(Errc::unreachable));
    REQUIRE(site.madre->calls() == 1);
    site.madre->say(0, "at once");
    CHECK(chat.asking.take()->reason == "switch_unreachable");
  }
}

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

TEST_CASE("the chat's time ends with calls under way") {
  Site site;
  RouterOptions options = site.options();
  options.total_timeout = 6s;
  const Router router = Router::create(options).value();
  Chat chat(router);
  site.advance(5s);
  CHECK_FALSE(chat.asking.done());
  site.advance(1s);
  REQUIRE(chat.asking.done());
  const Asked reply = chat.asking.take();
  CHECK(reply.error().code == Errc::timeout);
  CHECK(reply.error().upstream == "switch");
  CHECK(outcomes(reply.error().attempts) ==
        std::vector<Outcome>{Outcome::timeout, Outcome::timeout});
  CHECK(site.switch_->under_way(0));
  CHECK(site.madre->cancelled(0));
  CHECK(breaker_of(router, "switch").failures == 0);
  site.advance(15s);
  CHECK(breaker_of(router, "switch").failures == 1);
}

TEST_CASE("a target that always takes ten seconds is learned and keeps its place") {
  Site site;
  const Router router = site.router();
  std::size_t beside = 0;
  for (int i = 0; i < 40; ++i) {
    Chat chat(router);
    site.advance(5s);
    for (std::size_t m = beside; m < site.madre->calls(); ++m) site.madre->say(m, "beside");
    beside = site.madre->calls();
    site.advance(5s);
    site.switch_->say(static_cast<std::size_t>(i), "ten seconds");
    REQUIRE(chat.asking.done());
  }
  CHECK(beside == 10);
  CHECK(breaker_of(router, "switch").state == CircuitState::closed);
  CHECK(breaker_of(router, "switch").totals.failures == 0);
}

TEST_CASE("a slow target is not overtaken before three times what is usual") {
  Site site;
  const Router router = site.router();
  const auto asked_after = [&] {
    const std::size_t before = site.madre->calls();
    Chat chat(router);
    Duration waited = 0s;
    while (site.madre->calls() == before && !chat.asking.done()) {
      site.advance(1s);
      waited += 1s;
    }
    if (!chat.asking.done()) site.madre->say(before, "beside");
    site.advance(15s);
    return waited;
  };
  SUBCASE("nine answers say nothing yet") {
    answers_in(site, router, 3s, 9);
    CHECK(asked_after() == 4s);
  }
  SUBCASE("ten do") {
    answers_in(site, router, 3s, 10);
    CHECK(asked_after() == 9s);
  }
  SUBCASE("at most its limit") {
    answers_in(site, router, 7s, 10);
    CHECK(asked_after() == 15s);
  }
  SUBCASE("the slowest twentieth does not matter") {
    answers_in(site, router, 1s, 95);
    answers_in(site, router, 3s, 5);
    CHECK(asked_after() == 4s);
    answers_in(site, router, 3s, 1);
    CHECK(asked_after() == 9s);
  }
  SUBCASE("fast answers are forgotten after a hundred others") {
    answers_in(site, router, 3s, 10);
    answers_in(site, router, 1s, 95);
    CHECK(asked_after() == 4s);
  }
}

TEST_CASE("the time can be fixed, and switched off") {
  Site site;
  RouterOptions options = site.options();
  SUBCASE("fixed") {
    options.targets[0].fallback_after = 1s;
    const Router router = Router::create(options).value();
    Chat chat(router);
    site.advance(1s);
    REQUIRE(site.madre->calls() == 1);
    site.madre->say(0, "beside");
  }
  SUBCASE("off") {
    options.targets[0].fallback_after = 0s;
    const Router router = Router::create(options).value();
    Chat chat(router);
    site.advance(14s);
    CHECK(site.madre->calls() == 0);
    site.advance(1s);
    REQUIRE(site.madre->calls() == 1);
    site.madre->say(0, "after the limit");
    CHECK(chat.asking.take()->reason == "switch_timeout");
    CHECK(router.breaker("switch")->snapshot().failures == 1);
  }
  SUBCASE("negative is a mistake") {
    options.targets[0].fallback_after = -1s;
    const auto router = Router::create(options);
    REQUIRE_FALSE(router);
    CHECK(router.error().detail.find("fallback_after") != std::string::npos);
  }
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

TEST_CASE("asking beside leaves the order of targets and its rules as they are") {
  Site site;
  const Router router = site.router();
  SUBCASE("a call past its deadline asks no target") {
    Chat chat(router, site.time.clock.now());
    REQUIRE(chat.asking.done());
    const Asked reply = chat.asking.take();
    CHECK(reply.error().code == Errc::timeout);
    CHECK(outcomes(reply.error().attempts) ==
          std::vector<Outcome>{Outcome::timeout, Outcome::timeout});
    CHECK(site.switch_->calls() == 0);
  }
  SUBCASE("nor does one whose caller has left") {
    std::stop_source left;
    left.request_stop();
    Started asking(router.async_ask(chat(), Deadline(vx11::TimePoint::max(), left.get_token())));
    const Asked reply = asking.take();
    CHECK(reply.error().code == Errc::cancelled);
    CHECK(outcomes(reply.error().attempts) == std::vector<Outcome>{Outcome::cancelled});
    CHECK(site.switch_->calls() == 0);
  }
  SUBCASE("with every breaker open the last resort is asked") {
    RouterOptions options = site.options();
    options.last_resorts = 1;
    const Router resort = Router::create(options).value();
    for (const char* name : {"switch", "madre"}) {
      for (int i = 0; i < 3; ++i) resort.breaker(name)->try_acquire()->failure();
    }
    Chat chat(resort);
    REQUIRE(site.switch_->calls() == 1);
    site.switch_->say(0, "resort");
    const Asked reply = chat.asking.take();
    CHECK(reply->text == "resort");
    CHECK(reply->reason == "switch_circuit_open");
    CHECK(breaker_of(resort, "switch").state == CircuitState::half_open);
  }
}

TEST_CASE("a transport that blocks is asked one after another") {
  Upstreams up;
  ManualTime time;
  up.primary->then_fail(Errc::unreachable);
  up.fallback->then_json(kMadreSays);
  RouterOptions options = up.options();
  options.timer = time.timer;
  CHECK(Router::create(options).value().ask(chat())->source == "madre");
}
