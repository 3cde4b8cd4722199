#include <vx11/fallback.hpp>
#include <vx11/http_message.hpp>
#include <vx11/pipeline.hpp>

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "policy_fakes.hpp"

using vx11::Deadline;
using vx11::Errc;
using vx11::fallback;
using vx11::HttpResponse;
using vx11::Result;
using vx11::sync_wait;
using vx11::Task;

TEST_CASE("a success is handed on") {
  auto policy = fallback(0);
  ScriptedCall call({7});
  CHECK(policy.run(call, Deadline()) == 7);
  CHECK(sync_wait(policy.async_run(awaited(call), Deadline())) == 7);
}

TEST_CASE("a value takes the place of a failure and of a rejection") {
  auto policy = fallback(0);
  for (const Errc code : {Errc::timeout, Errc::rejected, Errc::circuit_open, Errc::invalid_reply}) {
    ScriptedCall call({failed(code)});
    CHECK(policy.run(call, Deadline()) == 0);
    CHECK(sync_wait(policy.async_run(awaited(call), Deadline())) == 0);
  }
}

TEST_CASE("a cancelled call gets no fallback") {
  auto policy = fallback(0);
  ScriptedCall call({failed(Errc::cancelled)});
  CHECK(policy.run(call, Deadline()).error().code == Errc::cancelled);
}

TEST_CASE("a function of the failed result, or of nothing, gives the substitute") {
  ScriptedCall call({failed(Errc::timeout)});
  auto by_result = fallback(
      [](const Result<int>& result) { return result.error().code == Errc::timeout ? 1 : 2; });
  CHECK(by_result.run(call, Deadline()) == 1);
  CHECK(sync_wait(by_result.async_run(awaited(call), Deadline())) == 1);
  auto by_itself = fallback([] { return 3; });
  CHECK(by_itself.run(call, Deadline()) == 3);
}

TEST_CASE("a substitute that fails is what the caller gets") {
  auto policy = fallback([]() -> Result<int> { return failed(Errc::storage); });
  ScriptedCall call({failed(Errc::timeout)});
  CHECK(policy.run(call, Deadline()).error().code == Errc::storage);
  CHECK(sync_wait(policy.async_run(awaited(call), Deadline())).error().code == Errc::storage);
}

TEST_CASE("awaited calls may be given an awaited substitute") {
  auto policy = fallback([](const Result<int>&) -> Task<Result<int>> { co_return 9; });
  ScriptedCall call({failed(Errc::timeout)});
  CHECK(sync_wait(policy.async_run(awaited(call), Deadline())) == 9);
}

TEST_CASE("a predicate of one's own decides where it steps in") {
  auto policy = fallback(0).when([](const Result<int>& result) { return result == 13; });
  ScriptedCall call({13, failed(Errc::timeout)});
  CHECK(policy.run(call, Deadline()) == 0);
  CHECK(policy.run(call, Deadline()).error().code == Errc::timeout);
}

TEST_CASE("an HTTP answer that is a failure is replaced, one that is not found is an answer") {
  auto policy = fallback(HttpResponse(200, "text/plain", "kept"));
  const auto answering = [](int status) {
    return [=](Deadline) -> Result<HttpResponse> { return HttpResponse(status); };
  };
  auto broken = answering(500);
  auto missing = answering(404);
  CHECK(policy.run(broken, Deadline())->body == "kept");
  CHECK(policy.run(missing, Deadline())->status == 404);
}

TEST_CASE("what the substitute or the predicate throws comes through") {
  ScriptedCall call({failed(Errc::timeout)});
  auto throwing = fallback([]() -> int { throw std::runtime_error("substitute"); });
  CHECK_THROWS_AS(throwing.run(call, Deadline()), std::runtime_error);
  CHECK_THROWS_AS(sync_wait(throwing.async_run(awaited(call), Deadline())), std::runtime_error);
  auto picky = fallback(0).when([](const Result<int>&) -> bool { throw std::logic_error("when"); });
  CHECK_THROWS_AS(picky.run(call, Deadline()), std::logic_error);
}
