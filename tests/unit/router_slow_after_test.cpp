// When a target is slow: by its own answers, or by a time that is given.

#include "router_held_site.hpp"

using namespace router_upstreams;

namespace {

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
