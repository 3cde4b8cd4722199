#include <vx11/bulkhead.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/retry.hpp>
#include <vx11/router.hpp>
#include <vx11/testing/manual_timer.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/with_policies.hpp>

#include <functional>
#include <memory>
#include <utility>

#include <doctest/doctest.h>

using vx11::Errc;
using vx11::pipeline;
using vx11::Router;
using vx11::with_policies;
using vx11::testing::InstantTimer;
using vx11::testing::ManualClock;
using vx11::testing::ScriptedTransport;

namespace {

struct Upstreams {
  ManualClock clock;
  std::shared_ptr<InstantTimer> timer = std::make_shared<InstantTimer>(clock);
  std::shared_ptr<ScriptedTransport> primary = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<ScriptedTransport> fallback = std::make_shared<ScriptedTransport>(clock);

  /// switch behind `transport`, madre unchanged.
  Router router(std::shared_ptr<vx11::Transport> transport) const {
    return Router::create(
               {.targets = {{.name = "switch",
                             .url = "http://switch:8002",
                             .transport = std::move(transport)},
                            {.name = "madre", .url = "http://madre:8001", .transport = fallback}},
                .clock = clock})
        .value();
  }
};

}  // namespace

TEST_CASE("a target's transport retries before the router asks the next") {
  Upstreams up;
  up.primary->then_fail(Errc::unreachable).then_json(R"({"response":"from switch"})");
  const vx11::Retry retry({.attempts = 2, .timer = up.timer}, up.clock);
  const Router router = up.router(with_policies(up.primary, pipeline(retry), vx11::Repeat::every));
  const auto reply = router.ask(vx11::ChatRequest("hello", "session-001"));
  REQUIRE(reply);
  CHECK(reply->source == "switch");
  CHECK(up.primary->calls() == 2);
  CHECK(router.breaker("switch")->snapshot().failures == 0);
}

TEST_CASE("a target's full bulkhead sends the router on and is no failure of the target") {
  Upstreams up;
  up.fallback->then_json(R"({"response":"from madre"})");
  vx11::Bulkhead full({.concurrent = 0});
  const Router router = up.router(with_policies(up.primary, pipeline(std::ref(full))));
  const auto reply = router.ask(vx11::ChatRequest("hello", "session-001"));
  REQUIRE(reply);
  CHECK(reply->source == "madre");
  CHECK(up.primary->calls() == 0);
  CHECK(router.breaker("switch")->snapshot().failures == 0);
}

TEST_CASE("when a policy says when to come back, the router passes that on") {
  Upstreams up;
  up.primary->then_json(R"({"response":"from switch"})");
  up.fallback->then_fail(Errc::unreachable);
  vx11::RateLimiter limiter({.calls = 1, .period = std::chrono::seconds(20)}, up.clock);
  const Router router = up.router(with_policies(up.primary, pipeline(std::ref(limiter))));
  CHECK(router.ask(vx11::ChatRequest("hello", "session-001")));
  up.clock.advance(std::chrono::seconds(5));
  const auto second = router.ask(vx11::ChatRequest("hello", "session-001"));
  REQUIRE_FALSE(second);
  CHECK(second.error().retry_after == std::chrono::seconds(15));
}
