// Known bugs of other resilience libraries, each with a test that would expose it here. Measured on
// opossum 10.0.0, cockatiel 4.0.0, undici 8.13.1, p-retry 9.0.0, async-retry 1.3.3, bottleneck
// 2.19.5 and ws 8.23.0; which has which: docs/resilience.md.

#include <vx11/bulkhead.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/rate_limiter.hpp>
#include <vx11/retry.hpp>
#include <vx11/testing/manual_timer.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/timeout.hpp>
#include <vx11/with_policies.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "health_fakes.hpp"
#include "policy_fakes.hpp"
#include "threads/single_flight.hpp"

using namespace std::chrono_literals;
using vx11::Bulkhead;
using vx11::CircuitBreaker;
using vx11::CircuitState;
using vx11::CountWindow;
using vx11::Deadline;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::pipeline;
using vx11::Result;
using vx11::Retry;
using vx11::sync_wait;
using vx11::Task;
using vx11::Timeout;
using vx11::TimeWindow;
using vx11::Verdict;
using vx11::testing::ManualClock;
using vx11::testing::ScriptedTransport;

namespace {

struct World : ManualTime {
  OpenCalls calls;
};

Result<int> ask(CircuitBreaker& breaker, Result<int> answer) {
  return breaker.run([&] { return answer; });
}

Result<HttpResponse> send(vx11::Transport& transport, const HttpRequest& request) {
  return sync_wait(transport.send(request, Deadline()));
}

/// A value that is computed until the test ends it, with one failure or value.
struct Computing {
  vx11::fakes::Baton ended = {};
  int begun = 0;

  static Task<Result<int>> compute(Computing& self, Result<int> result) {
    co_await self.ended;
    co_return result;
  }
};

}  // namespace

TEST_CASE("a saved open state counts from the new breaker's construction: it has the time left") {
  ManualClock before;
  CircuitBreaker saved({.failures_to_open = 1, .open_for = 60s}, before);
  saved.try_acquire()->failure();
  before.advance(20s);
  const vx11::CircuitSnapshot snapshot = saved.snapshot();

  ManualClock after;  // another process: its monotonic clock has another origin
  after.advance(9000h);
  CircuitBreaker restored({.failures_to_open = 1, .open_for = 60s}, after);
  restored.restore(snapshot, 10s);
  CHECK(restored.state() == CircuitState::open);
  CHECK(restored.snapshot().retry_after == 30s);
  CHECK_FALSE(restored.try_acquire().has_value());
  after.advance(30s);
  CHECK(restored.try_acquire()->is_probe());

  CircuitBreaker old({.failures_to_open = 1, .open_for = 60s}, after);
  old.restore(snapshot, 1h);
  CHECK(old.state() == CircuitState::half_open);
  const auto probe = old.try_acquire();
  CHECK(probe->is_probe());
  CHECK_FALSE(old.try_acquire().has_value());
}

TEST_CASE("the failure rate is divided by calls that were never made: only calls made count") {
  ManualClock clock;
  CircuitBreaker breaker({.trip = CountWindow{.size = 100, .minimum_calls = 4}}, clock);
  Bulkhead full({.concurrent = 0});
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(pipeline(std::ref(breaker), std::ref(full)).run([] { return 1; }).has_value());
  }
  CHECK(breaker.snapshot().window.calls == 0);
  ask(breaker, 1);
  ask(breaker, 2);
  ask(breaker, failed(Errc::unreachable));
  CHECK(breaker.state() == CircuitState::closed);
  ask(breaker, failed(Errc::unreachable));
  CHECK(breaker.state() == CircuitState::open);
  for (int i = 0; i < 100; ++i) ask(breaker, 1);  // rejected
  CHECK(breaker.snapshot().totals.failures == 2);
}

TEST_CASE("one timeout aborts all calls that share a controller: it aborts its own call") {
  World world;
  std::stop_source shared;
  const Timeout timeout({.timeout = 10s, .timer = world.timer}, world.clock);
  const Deadline deadline = Deadline(vx11::TimePoint::max(), shared.get_token());
  Started first(timeout.async_run(std::ref(world.calls), deadline));
  world.timer->advance(9s);
  Started second(timeout.async_run(std::ref(world.calls), deadline));
  world.timer->advance(1s);
  REQUIRE(first.done());
  CHECK(first.take().error().code == Errc::timeout);
  CHECK_FALSE(second.done());
  CHECK_FALSE(world.calls.stopped(1));
  CHECK_FALSE(shared.stop_requested());
  world.calls.end(1, 7);
  CHECK(second.take() == 7);
}

TEST_CASE("a late failure reopens during half-open and lets a second probe run: it is ignored") {
  ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1}, clock);
  auto late = breaker.try_acquire();
  breaker.try_acquire()->failure();
  clock.advance(60s);
  auto probe = breaker.try_acquire();
  REQUIRE(probe->is_probe());
  late->failure();
  CHECK(breaker.state() == CircuitState::half_open);
  CHECK_FALSE(breaker.try_acquire().has_value());
  clock.advance(29s);
  CHECK_FALSE(breaker.try_acquire().has_value());
  probe->success();
  CHECK(breaker.state() == CircuitState::closed);
}

TEST_CASE("a timeout gives the place back while the work runs: the place is held to its end") {
  World world;
  world.calls.heed_stop = false;  // work that cannot be interrupted
  Bulkhead bulkhead({.concurrent = 1});
  const Timeout timeout({.timeout = 1s, .timer = world.timer}, world.clock);
  const auto run = [&](auto policies) {
    Started running(policies.async_run(std::ref(world.calls)));
    world.timer->advance(1s);
    CHECK(world.calls.stopped(world.calls.calls() - 1));
    CHECK(bulkhead.running() == 1);
    for (int i = 0; i < 5; ++i) {
      Started refused(policies.async_run(std::ref(world.calls)));
      REQUIRE(refused.done());
      CHECK(refused.take().error().code == Errc::rejected);
    }
    world.calls.end(world.calls.calls() - 1, 1);
    CHECK(running.done());
    CHECK(bulkhead.running() == 0);
  };
  run(pipeline(std::ref(bulkhead), timeout));
  run(pipeline(timeout, std::ref(bulkhead)));
  CHECK(world.calls.calls() == 2);
}

TEST_CASE("a refusal that is no failure closes a half-open breaker: it decides nothing") {
  ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1}, clock);
  breaker.try_acquire()->failure();
  clock.advance(60s);
  Bulkhead full({.concurrent = 0});
  const auto refused = pipeline(std::ref(breaker), std::ref(full)).run([] { return 1; });
  CHECK(refused.error().code == Errc::rejected);
  CHECK(breaker.state() == CircuitState::half_open);
  const auto filtered = breaker.run([] { return failed(Errc::http_status); },
                                    [](const Result<int>&) { return Verdict::neutral; });
  CHECK_FALSE(filtered.has_value());
  CHECK(breaker.state() == CircuitState::half_open);
  CHECK(breaker.try_acquire()->is_probe());
}

TEST_CASE("a listener that throws makes a good call fail: the call is not affected") {
  ManualClock clock;
  int events = 0;
  CircuitBreaker breaker({.failures_to_open = 1,
                          .on_transition =
                              [&](const vx11::CircuitTransition&) {
                                ++events;
                                throw std::runtime_error("listener");
                              }},
                         clock);
  CHECK(ask(breaker, failed(Errc::unreachable)).error().code == Errc::unreachable);
  clock.advance(60s);
  CHECK(ask(breaker, 7) == 7);
  CHECK(breaker.state() == CircuitState::closed);
  CHECK(events == 3);  // open, half-open, closed
}

TEST_CASE("a coalesced failure is served again later: it is shared only while it was awaited") {
  using Flight = vx11::SingleFlight<Result<int>>;
  const auto flight = std::make_shared<Flight>(vx11::SteadyClock());
  Computing failing;
  const auto begin = [](Computing& computing, Result<int> result) {
    return [&computing, result](std::stop_token) {
      ++computing.begun;
      return Computing::compute(computing, result);
    };
  };
  vx11::fakes::Running<Flight::Value> first(
      Flight::join(flight, begin(failing, failed(Errc::timeout)), {}));
  vx11::fakes::Running<Flight::Value> second(Flight::join(flight, begin(failing, 1), {}));
  failing.ended.pass();
  CHECK_FALSE(first.result()->has_value());
  CHECK_FALSE(second.result()->has_value());
  CHECK(failing.begun == 1);

  Computing working;
  vx11::fakes::Running<Flight::Value> next(Flight::join(flight, begin(working, 7), {}));
  working.ended.pass();
  CHECK(*next.result() == 7);
}

TEST_CASE("a bulkhead refuses a queued call, or keeps the place of an aborted one: it does not") {
  World world;
  Bulkhead bulkhead({.concurrent = 1, .queue = 1, .timer = world.timer}, world.clock);
  auto held = bulkhead.try_acquire();
  std::stop_source stop;
  Started aborted(bulkhead.async_acquire(Deadline(vx11::TimePoint::max(), stop.get_token())));
  stop.request_stop();
  REQUIRE(aborted.done());
  CHECK(aborted.take().error().code == Errc::cancelled);
  CHECK(bulkhead.waiting() == 0);

  Started queued(bulkhead.async_acquire());
  Started refused(bulkhead.async_acquire());
  REQUIRE(refused.done());
  CHECK(refused.take().error().code == Errc::rejected);
  held->release();
  REQUIRE(queued.done());
  CHECK(queued.take().has_value());
}

TEST_CASE("a timeout's signal fires after success and cuts a streamed body: it never fires then") {
  World world;
  const Timeout timeout({.timeout = 1s, .timer = world.timer}, world.clock);
  Started running(timeout.async_run(std::ref(world.calls), {}));
  const std::stop_token kept_by_the_body = world.calls.deadline(0).stop_token();
  world.calls.end(0, 7);
  REQUIRE(running.done());
  CHECK(running.take() == 7);
  world.timer->advance(1h);
  CHECK_FALSE(kept_by_the_body.stop_requested());
  CHECK(world.timer->sleepers() == 0);
}

TEST_CASE("a caller's abort reads as a timeout and opens the breaker: it is neutral") {
  World world;
  CircuitBreaker breaker({.failures_to_open = 1}, world.clock);
  const auto policies =
      pipeline(std::ref(breaker), Timeout({.timeout = 1s, .timer = world.timer}, world.clock));
  std::stop_source stop;
  Started running(policies.async_run(std::ref(world.calls),
                                     Deadline(vx11::TimePoint::max(), stop.get_token())));
  stop.request_stop();
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::cancelled);
  CHECK(breaker.state() == CircuitState::closed);
  CHECK(breaker.snapshot().totals.failures == 0);
}

TEST_CASE("a sampling window does not age in silence, and needs 750 failures: it ages, and 20 do") {
  ManualClock clock;
  CircuitBreaker breaker({.trip = TimeWindow{}}, clock);
  for (int i = 0; i < 19; ++i) ask(breaker, failed(Errc::timeout));
  CHECK(breaker.state() == CircuitState::closed);
  clock.advance(10min);
  CHECK(breaker.snapshot().window.calls == 0);
  for (int i = 0; i < 19; ++i) ask(breaker, failed(Errc::timeout));
  CHECK(breaker.state() == CircuitState::closed);
  ask(breaker, failed(Errc::timeout));
  CHECK(breaker.state() == CircuitState::open);
}

TEST_CASE(
    "an abort during backoff waits the delay and calls once more: it ends the retry at once") {
  World world;
  const Retry retry({.attempts = 5, .backoff = {.base = 1h}, .timer = world.timer}, world.clock);
  ScriptedCall call({failed(Errc::unreachable)});
  std::stop_source stop;
  const auto awaited_call = awaited(call);
  Started running(
      retry.async_run(awaited_call, Deadline(vx11::TimePoint::max(), stop.get_token())));
  CHECK(world.timer->sleepers() == 1);
  stop.request_stop();
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::cancelled);
  CHECK(call.calls() == 1);
}

TEST_CASE("a try is begun at the deadline: none is, and the time is not waited for") {
  World world;
  const Retry retry({.attempts = 5,
                     .backoff = {.base = 10s, .cap = 10s, .jitter = vx11::Jitter::none},
                     .timer = world.timer},
                    world.clock);
  ScriptedCall call({failed(Errc::unreachable)});
  const auto awaited_call = awaited(call);
  Started running(retry.async_run(awaited_call, Deadline::after(world.clock.now(), 10s)));
  REQUIRE(running.done());
  CHECK(running.take().error().code == Errc::unreachable);
  CHECK(call.calls() == 1);
}

TEST_CASE("a good result is thrown away when the signal fired meanwhile: it is returned") {
  World world;
  world.calls.heed_stop = false;
  std::stop_source stop;
  const auto policies = pipeline(Retry({.timer = world.timer}, world.clock),
                                 Timeout({.timeout = 1s, .timer = world.timer}, world.clock));
  Started running(policies.async_run(std::ref(world.calls),
                                     Deadline(vx11::TimePoint::max(), stop.get_token())));
  stop.request_stop();
  CHECK_FALSE(running.done());
  world.calls.end(0, 7);
  REQUIRE(running.done());
  CHECK(running.take() == 7);
}

TEST_CASE("the error that is reported is the most frequent one: it is the last") {
  World world;
  const auto timer = std::make_shared<vx11::testing::InstantTimer>(world.clock);
  const Retry retry({.attempts = 3, .timer = timer}, world.clock);
  ScriptedCall call({failed(Errc::timeout), failed(Errc::timeout), failed(Errc::unreachable)});
  CHECK(retry.run(call).error().code == Errc::unreachable);
  CHECK(retry.stats().retries == 2);
  CHECK(retry.stats().given_up == 1);
}

TEST_CASE("a limiter's expiry frees the slot of work that runs: only waiting expires") {
  World world;
  Bulkhead bulkhead({.concurrent = 1, .queue = 1, .wait_timeout = 1s, .timer = world.timer},
                    world.clock);
  Started running(bulkhead.async_run(std::ref(world.calls), Deadline()));
  Started waiting(bulkhead.async_run(std::ref(world.calls), Deadline()));
  world.timer->advance(1h);
  REQUIRE(waiting.done());
  CHECK(waiting.take().error().code == Errc::rejected);
  CHECK(world.calls.calls() == 1);
  CHECK(bulkhead.running() == 1);
  world.calls.end(0, 7);
  CHECK(running.take() == 7);
}

TEST_CASE("a heavy job blocks the light ones behind it: it is refused, and they are admitted") {
  ManualClock clock;
  vx11::RateLimiter limiter({.calls = 10, .burst = 10}, clock);
  CHECK(limiter.try_acquire(5).has_value());
  const auto heavy = limiter.try_acquire(10);
  REQUIRE_FALSE(heavy.has_value());
  CHECK(heavy.error().retry_after == 500ms);
  CHECK(limiter.try_acquire(1).has_value());
  CHECK(limiter.stats().admitted == 2);
  CHECK(limiter.stats().rejected == 1);
}

TEST_CASE("a POST answered 503 loses its body and is repeated: neither") {
  World world;
  const auto timer = std::make_shared<vx11::testing::InstantTimer>(world.clock);
  const auto upstream = std::make_shared<ScriptedTransport>();
  upstream->then(HttpResponse(503, "text/plain", "overloaded"));
  const Retry retry({.attempts = 3, .timer = timer}, world.clock);
  const auto transport = vx11::with_policies(vx11::with_policies(upstream, retry), retry);

  const auto answer = send(*transport, HttpRequest("POST", "http://u:1", "/orders"));
  REQUIRE(answer.has_value());
  CHECK(answer->status == 503);
  CHECK(answer->body == "overloaded");
  CHECK(upstream->calls() == 1);

  HttpRequest keyed("POST", "http://u:1", "/orders");
  keyed.headers = {{"Idempotency-Key", "1"}};
  CHECK(send(*transport, keyed)->body == "overloaded");
  CHECK(upstream->calls() == 1 + 9);
  const auto every = vx11::with_policies(upstream, retry, vx11::Repeat::every);
  CHECK(send(*every, HttpRequest("POST", "http://u:1", "/chat"))->status == 503);
  CHECK(upstream->calls() == 1 + 9 + 3);
}
