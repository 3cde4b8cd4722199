#include <vx11/circuit_breaker.hpp>
#include <vx11/http_message.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/task.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CircuitBreaker;
using vx11::CircuitState;
using vx11::Errc;
using vx11::Result;
using vx11::Task;
using vx11::Verdict;

namespace {

struct Response {
  int status = 200;
};
Verdict by_status(const Response& response) {
  return response.status >= 500 ? Verdict::failure : Verdict::success;
}

}  // namespace

TEST_CASE("run returns what the callable returns") {
  CircuitBreaker breaker;
  CHECK(breaker.run([] { return 42; }).value() == 42);
  CHECK(*breaker.run([] { return std::make_unique<int>(7); }).value() == 7);
  static_assert(std::is_same_v<decltype(breaker.run([] {})), Result<void>>);
  CHECK(breaker.run([] {}).has_value());
  int there = 5;
  CHECK(breaker.run([&]() -> int& { return there; }).value() == 5);
}

TEST_CASE("a result of the callable is not wrapped in another") {
  CircuitBreaker breaker;
  const auto reply = breaker.run([]() -> Result<std::string> { return "hello"; });
  static_assert(std::is_same_v<decltype(reply), const Result<std::string>>);
  CHECK(reply.value() == "hello");
  const auto failed =
      breaker.run([]() -> Result<> { return vx11::fail(Errc::timeout, "too late", "switch"); });
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error() == vx11::Error(Errc::timeout, "too late", "switch"));
  const Result<std::string> plain = breaker.run([]() -> Result<std::string> { return "hello"; });
  CHECK(plain.value() == "hello");
}

TEST_CASE("a rejected call is not made, and the error says when to ask again") {
  CircuitBreaker breaker({.failures_to_open = 1, .open_for = 60s});
  breaker.try_acquire()->failure();
  bool called = false;
  const auto rejected = breaker.run([&] { called = true; });
  CHECK_FALSE(called);
  REQUIRE_FALSE(rejected.has_value());
  CHECK(rejected.error().code == Errc::circuit_open);
  CHECK(rejected.error().detail == "circuit open");
  CHECK(rejected.error().retry_after > 59s);
}

TEST_CASE("while the probes are under way the error says so") {
  vx11::testing::ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1}, clock);
  breaker.try_acquire()->failure();
  clock.advance(60s);
  const auto probe = breaker.try_acquire();
  const auto rejected = breaker.run([] {});
  REQUIRE_FALSE(rejected.has_value());
  CHECK(rejected.error().detail == "probes busy");
  CHECK(rejected.error().code == Errc::circuit_open);
  CHECK(rejected.error().retry_after == breaker.options().probe_timeout);
}

TEST_CASE("a predicate over the result decides what it was worth") {
  CircuitBreaker breaker({.failures_to_open = 1});
  CHECK(breaker.run([] { return Response{404}; }, by_status)->status == 404);
  CHECK(breaker.state() == CircuitState::closed);
  CHECK(breaker.run([] { return Response{503}; }, by_status)->status == 503);
  CHECK(breaker.state() == CircuitState::open);
}

TEST_CASE("without a predicate the error's code decides") {
  for (const Errc code : {Errc::unreachable, Errc::timeout, Errc::http_status, Errc::invalid_reply,
                          Errc::too_large, Errc::unavailable}) {
    CircuitBreaker breaker({.failures_to_open = 1});
    CHECK_FALSE(breaker.run([=]() -> Result<> { return vx11::fail(code); }).has_value());
    CHECK(breaker.state() == CircuitState::open);
  }
  for (const Errc code :
       {Errc::invalid_argument, Errc::cancelled, Errc::circuit_open, Errc::asleep, Errc::storage}) {
    CircuitBreaker breaker({.failures_to_open = 1});
    CHECK_FALSE(breaker.run([=]() -> Result<> { return vx11::fail(code); }).has_value());
    CHECK(breaker.state() == CircuitState::closed);
    CHECK(breaker.snapshot().totals.neutral == 1);
  }
}

TEST_CASE("an expected with an error of another kind is handed on whole, its error a failure") {
  CircuitBreaker breaker({.failures_to_open = 1});
  using Other = tl::expected<int, std::string>;
  const auto reply = breaker.run([]() -> Other { return tl::unexpected<std::string>("no"); });
  CHECK(reply.value().error() == "no");
  CHECK(breaker.state() == CircuitState::open);
}

TEST_CASE("an exception from the callable is a failure and reaches the caller") {
  CircuitBreaker breaker({.failures_to_open = 1});
  CHECK_THROWS_WITH_AS(breaker.run([]() -> int { throw std::runtime_error("boom"); }), "boom",
                       std::runtime_error);
  CHECK(breaker.state() == CircuitState::open);
  CHECK(breaker.snapshot().totals.failures == 1);
}

TEST_CASE("an exception from the predicate is neutral and reaches the caller") {
  CircuitBreaker breaker({.failures_to_open = 1});
  CHECK_THROWS_WITH_AS(
      breaker.run([] { return 1; }, [](int) -> Verdict { throw std::logic_error("predicate"); }),
      "predicate", std::logic_error);
  CHECK(breaker.state() == CircuitState::closed);
  CHECK(breaker.snapshot().totals.neutral == 1);
}

TEST_CASE("run and pipeline say the same of a rejected call") {
  vx11::testing::ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1}, clock);
  breaker.try_acquire()->failure();
  const auto call = []() -> Result<int> { return 1; };
  const auto awaited = []() -> Task<Result<int>> { co_return 1; };
  const vx11::Error error = breaker.run(call).error();
  CHECK(error.retry_after == 60s);
  CHECK(vx11::pipeline(std::ref(breaker)).run(call).error() == error);
  CHECK(vx11::sync_wait(breaker.async_run(awaited)).error() == error);
  CHECK(vx11::Error(breaker.try_acquire().error()) == error);
  breaker.isolate();
  CHECK(breaker.run(call).error().detail == "isolated");
}

TEST_CASE("run and pipeline judge an HTTP answer alike") {
  CircuitBreaker breaker;
  const auto answer = []() -> Result<vx11::HttpResponse> { return vx11::HttpResponse(503); };
  CHECK(breaker.run(answer)->status == 503);
  CHECK(vx11::pipeline(std::ref(breaker)).run(answer)->status == 503);
  CHECK(breaker.run([] { return vx11::HttpResponse(500); })->status == 500);
  CHECK(breaker.state() == CircuitState::open);
}

TEST_CASE("an awaited call is judged by its result, or by a predicate, or for throwing") {
  CircuitBreaker breaker({.failures_to_open = 3});
  const auto failing = []() -> Task<Result<int>> { co_return vx11::fail(Errc::timeout); };
  const auto throwing = []() -> Task<Result<int>> {
    throw std::runtime_error("boom");
    co_return 0;
  };
  const auto strict = [](const Result<int>&) { return Verdict::failure; };
  CHECK_FALSE(vx11::sync_wait(breaker.async_run(failing)));
  CHECK(breaker.snapshot().failures == 1);
  CHECK_THROWS_AS(vx11::sync_wait(breaker.async_run(throwing)), std::runtime_error);
  CHECK(breaker.snapshot().failures == 2);
  const auto fine = []() -> Task<Result<int>> { co_return 7; };
  CHECK(vx11::sync_wait(breaker.async_run(fine, strict)) == 7);
  CHECK(breaker.state() == CircuitState::open);
}

TEST_CASE("a callable may be moved in, and may call the breaker again") {
  CircuitBreaker breaker;
  auto owned = std::make_unique<int>(3);
  const auto nested = breaker.run([&breaker, owned = std::move(owned)] {
    return *owned + breaker.run([] { return 4; }).value();
  });
  CHECK(nested.value() == 7);
}
