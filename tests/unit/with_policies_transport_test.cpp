#include <vx11/bulkhead.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/fallback.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/retry.hpp>
#include <vx11/testing/manual_timer.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/timeout.hpp>
#include <vx11/with_policies.hpp>

#include <chrono>
#include <functional>
#include <memory>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::Deadline;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::pipeline;
using vx11::sync_wait;
using vx11::with_policies;
using vx11::testing::InstantTimer;
using vx11::testing::ManualClock;
using vx11::testing::ScriptedTransport;

namespace {

struct World {
  ManualClock clock;
  std::shared_ptr<InstantTimer> timer = std::make_shared<InstantTimer>(clock);
  std::shared_ptr<ScriptedTransport> upstream = std::make_shared<ScriptedTransport>(clock);
  std::shared_ptr<vx11::CircuitBreaker> breaker =
      std::make_shared<vx11::CircuitBreaker>(vx11::CircuitBreakerOptions{}, clock);
  HttpRequest request{"PUT", "http://upstream", "/chat"};

  vx11::Retry retry(std::uint32_t attempts) const {
    return vx11::Retry({.attempts = attempts, .timer = timer}, clock);
  }
  auto send(vx11::Transport& transport) const {
    return sync_wait(transport.send(request, Deadline::after(clock.now(), 1min)));
  }
};

}  // namespace

TEST_CASE("a request passes through the policies to the transport unchanged") {
  World world;
  world.upstream->then_json("{}");
  auto transport = with_policies(world.upstream, pipeline(world.retry(3), world.breaker));
  CHECK(world.send(*transport)->body == "{}");
  REQUIRE(world.upstream->calls() == 1);
  CHECK(world.upstream->requests().front().method == "PUT");
  CHECK(world.upstream->requests().front().target == "/chat");
}

TEST_CASE("connection errors and busy answers are retried, each counted by the breaker") {
  World world;
  world.upstream->then_fail(Errc::unreachable).then(HttpResponse(503)).then_json("{}");
  auto transport = with_policies(world.upstream, pipeline(world.retry(2), world.breaker));
  CHECK(world.send(*transport)->status == 503);
  CHECK(world.breaker->snapshot().failures == 2);
  CHECK(world.send(*transport)->status == 200);
  CHECK(world.breaker->snapshot().failures == 0);
}

TEST_CASE("rejections come back as the transport's own errors") {
  World world;
  vx11::Bulkhead full({.concurrent = 0});
  auto transport = with_policies(world.upstream, pipeline(world.breaker, std::ref(full)));
  const auto rejected = world.send(*transport);
  CHECK(rejected.error().code == Errc::rejected);
  for (int i = 0; i < 3; ++i) world.breaker->try_acquire()->failure();
  CHECK(world.send(*transport).error().code == Errc::circuit_open);
  CHECK(world.upstream->calls() == 0);
}

TEST_CASE("a slow upstream is given what the timeout leaves, not what the caller has") {
  World world;
  world.upstream->then(HttpResponse(200), 30s);
  auto transport = with_policies(world.upstream, pipeline(vx11::Timeout(2s, world.clock)));
  const auto before = world.clock.now();
  CHECK(world.send(*transport).error().code == Errc::timeout);
  CHECK(world.clock.now() - before == 2s);
}

TEST_CASE("a fallback answers in the upstream's place") {
  World world;
  world.upstream->then(HttpResponse(500));
  auto transport = with_policies(world.upstream,
                                 pipeline(vx11::fallback(HttpResponse(200, "text/plain", "kept"))));
  CHECK(world.send(*transport)->body == "kept");
}

TEST_CASE("a single policy does without a pipeline") {
  World world;
  world.upstream->then_fail(Errc::timeout).then_json("{}");
  auto transport = with_policies(world.upstream, world.retry(2));
  CHECK(world.send(*transport)->status == 200);
  CHECK(world.upstream->calls() == 2);
}

TEST_CASE("a policed transport keeps the one it stands before") {
  World world;
  world.upstream->then_json("{}");
  const std::weak_ptr<ScriptedTransport> kept = world.upstream;
  auto transport = with_policies(std::move(world.upstream), pipeline(world.breaker));
  CHECK_FALSE(kept.expired());
  CHECK(world.send(*transport)->status == 200);
}
