// Targets that are slow: the next one is asked beside them.

#include "recorded_events.hpp"
#include "router_held_site.hpp"

using namespace router_upstreams;

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

TEST_CASE("asking beside is an event of its own, and reported before the answer") {
  Site site;
  const auto events = record_events();
  RouterOptions options = site.options();
  options.events = events;
  const Router router = Router::create(std::move(options)).value();
  Chat chat(router);
  site.advance(4s);
  CHECK(events->words() == std::vector<std::string>{"router.beside"});
  CHECK(events->all()[0].name == "madre");
  CHECK(events->all()[0].count == 1);
  site.madre->say(0, "beside");
  REQUIRE(chat.asking.done());
  CHECK(events->words() == std::vector<std::string>{"router.beside", "router.attempt overtaken",
                                                    "router.attempt answered",
                                                    "router.fallback overtaken"});
}
