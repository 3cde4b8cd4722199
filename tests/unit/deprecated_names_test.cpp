// The names before 0.2, compiled without the deprecation warning. Removed with them in 0.3.
#include <vx11/circuit_breaker.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/retry.hpp>

#include <functional>
#include <utility>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"

using vx11::AwaitedResult;
using vx11::CallResult;
using vx11::Deadline;
using vx11::sync_wait;
using vx11::Task;

namespace {

/// A policy as a user wrote one before 0.2.
struct Old {
  template <class Next>
  CallResult<Next> execute(Next&& next, Deadline deadline) {
    return next(std::move(deadline));
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_execute(Next next, Deadline deadline) {
    auto call = next(std::move(deadline));
    co_return co_await std::move(call);
  }
};

}  // namespace

TEST_CASE("a policy with the members execute and async_execute still works") {
  auto policies = vx11::pipeline(Old(), vx11::Retry());
  ScriptedCall call({7});
  CHECK(policies.run(std::ref(call)) == 7);
  CHECK(sync_wait(policies.run(awaited(call))) == 7);
}

TEST_CASE("the policies of the library still have execute and async_execute") {
  vx11::CircuitBreaker breaker;
  vx11::Retry retry;
  ScriptedCall call({7});
  CHECK(retry.execute(call, Deadline()) == 7);
  CHECK(sync_wait(retry.async_execute(awaited(call), Deadline())) == 7);
  CHECK(breaker.execute([] { return 1; }) == 1);
  CHECK(vx11::guard(breaker).execute(call, Deadline()) == 7);
}
