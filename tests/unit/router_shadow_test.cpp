// Copies of chats for a target that is tried out.

#include "held_upstream.hpp"
#include "policy_fakes.hpp"
#include "router_upstreams.hpp"

using namespace router_upstreams;

namespace {

/// switch and madre, and a shadow that answers when the test says so.
struct Shadowed {
  explicit Shadowed(double share, std::uint32_t max_in_flight = 8) {
    options = up.options();
    up.primary->then_json(kSwitchSays);
    vx11::RouterShadow shadow{.share = share, .max_in_flight = max_in_flight};
    shadow.target.name = "tried";
    shadow.target.url = "http://tried:1";
    shadow.target.transport = upstream;
    shadow.target.dialect = vx11::switch_dialect();
    shadow.target.breaker = breaker;
    options.shadow = shadow;
  }
  Shadowed(const Shadowed&) = delete;
  Shadowed& operator=(const Shadowed&) = delete;
  ~Shadowed() { upstream->end_all(); }

  Router router() const { return Router::create(options).value(); }
  static void ask(const Router& router, int times) {
    for (int i = 0; i < times; ++i) {
      const auto reply = router.ask(chat());
      REQUIRE(reply);
      CHECK(reply->source == "switch");
      CHECK(reply->attempts.size() == 1);
    }
  }

  Upstreams up = {};
  std::shared_ptr<HeldUpstream> upstream = std::make_shared<HeldUpstream>();
  std::shared_ptr<CircuitBreaker> breaker =
      std::make_shared<CircuitBreaker>(vx11::CircuitBreakerOptions{}, up.clock);
  RouterOptions options = {};
};

}  // namespace

TEST_CASE("a share of the chats is copied, evenly spread") {
  Shadowed shadowed(0.25, 100);
  const Router router = shadowed.router();
  for (std::size_t i = 1; i <= 10; ++i) {
    Shadowed::ask(router, 4);
    CHECK(shadowed.upstream->calls() == i);
  }
  CHECK(shadowed.up.primary->calls() == 40);
}

TEST_CASE("no chat waits for the shadow, and its answer goes to its breaker alone") {
  Shadowed shadowed(1);
  const Router router = shadowed.router();
  Shadowed::ask(router, 3);
  REQUIRE(shadowed.upstream->all_under_way() == 3);
  for (std::size_t i = 0; i < 3; ++i) shadowed.upstream->end(i, HttpResponse(500));
  CHECK(shadowed.breaker->state() == CircuitState::open);
  Shadowed::ask(router, 3);
  CHECK(shadowed.upstream->calls() == 3);
  CHECK(failures(router, "switch") == 0);
}

TEST_CASE("a limited number of copies is under way at a time") {
  Shadowed shadowed(1, 2);
  const Router router = shadowed.router();
  Shadowed::ask(router, 5);
  CHECK(shadowed.upstream->calls() == 2);
  shadowed.upstream->say(0, "dropped");
  Shadowed::ask(router, 5);
  CHECK(shadowed.upstream->calls() == 3);
}

TEST_CASE("a copy outlives its router") {
  Shadowed shadowed(1);
  { Shadowed::ask(shadowed.router(), 1); }
  REQUIRE(shadowed.upstream->under_way(0));
  shadowed.upstream->end(0, HttpResponse(500));
  CHECK(shadowed.breaker->snapshot().failures == 1);
}

TEST_CASE("chats that are overtaken or streamed are copied, too, and nothing before they begin") {
  Shadowed shadowed(1);
  ManualTime time;
  shadowed.options.timer = time.timer;
  shadowed.options.targets[1].transport = std::make_shared<HeldUpstream>();
  const Router router = shadowed.router();
  {
    const auto unused = router.async_ask(chat());
    CHECK(shadowed.upstream->calls() == 0);
  }
  Shadowed::ask(router, 1);
  CHECK(shadowed.upstream->calls() == 1);
  CHECK(vx11::sync_wait(router.async_stream(chat())).has_value());
  CHECK(shadowed.upstream->calls() == 2);
}

TEST_CASE("mistakes of a shadow are named") {
  const auto mistakes = [](auto change) {
    Shadowed shadowed(1);
    change(*shadowed.options.shadow);
    const auto router = Router::create(shadowed.options);
    return router ? std::string() : router.error().detail;
  };
  CHECK(mistakes([](vx11::RouterShadow&) {}).empty());
  CHECK(mistakes([](vx11::RouterShadow& s) {
          s.share = 1.5;
          s.max_in_flight = 0;
        }) ==
        "shadow \"tried\": share must be 0 to 1; shadow \"tried\": max_in_flight must be at "
        "least 1");
  CHECK(mistakes([](vx11::RouterShadow& s) { s.target.name = "madre"; }) ==
        "shadow \"madre\": the name is used twice");
  CHECK(mistakes([](vx11::RouterShadow& s) {
          s.target.transport = std::make_shared<ScriptedTransport>();
        }) == "shadow \"tried\": its transport blocks, which would delay the chats");
}

TEST_CASE("the router has the shadow's breaker by its name") {
  const Shadowed shadowed(1);
  CHECK(shadowed.router().breaker("tried") == shadowed.breaker);
  CHECK(shadowed.router().breaker("other") == nullptr);
}

TEST_CASE("a shadow that names a group or a time to fall back is a mistake") {
  Shadowed shadowed(1);
  shadowed.options.shadow->target.group = "g";
  shadowed.options.shadow->target.fallback_after = 1s;
  CHECK(Router::create(shadowed.options).error().detail ==
        "shadow \"tried\": it can have no group; shadow \"tried\": it can have no fallback_after");
}

TEST_CASE("a chat that was cancelled before is not copied") {
  Shadowed shadowed(1);
  const Router router = shadowed.router();
  std::stop_source left;
  left.request_stop();
  const vx11::Deadline deadline(vx11::TimePoint::max(), left.get_token());
  CHECK(router.ask(chat(), deadline).error().code == Errc::cancelled);
  CHECK(shadowed.upstream->calls() == 0);
}
