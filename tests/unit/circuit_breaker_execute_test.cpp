#include <vx11/circuit_breaker.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CircuitBreaker;
using vx11::CircuitError;
using vx11::CircuitState;
using vx11::Errc;
using vx11::Result;
using vx11::Verdict;

namespace {

struct Response {
  int status = 200;
};
Verdict by_status(const Response& response) {
  return response.status >= 500 ? Verdict::failure : Verdict::success;
}

}  // namespace

TEST_CASE("execute hands on what the callable returns") {
  CircuitBreaker breaker;
  CHECK(breaker.execute([] { return 42; }).value() == 42);
  CHECK(*breaker.execute([] { return std::make_unique<int>(7); }).value() == 7);
  static_assert(std::is_same_v<decltype(breaker.execute([] {})), Result<void, CircuitError>>);
  CHECK(breaker.execute([] {}).has_value());
  int there = 5;
  CHECK(breaker.execute([&]() -> int& { return there; }).value() == 5);
}

TEST_CASE("a result of the callable is not wrapped in another") {
  CircuitBreaker breaker;
  const auto reply = breaker.execute([]() -> Result<std::string> { return "hello"; });
  static_assert(std::is_same_v<decltype(reply), const Result<std::string, CircuitError>>);
  CHECK(reply.value() == "hello");
  const auto failed =
      breaker.execute([]() -> Result<> { return vx11::fail(Errc::timeout, "too late", "switch"); });
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error() == vx11::Error(Errc::timeout, "too late", "switch"));
  CHECK_FALSE(failed.error().rejection.has_value());
  const Result<std::string> plain =
      breaker.execute([]() -> Result<std::string> { return "hello"; });
  CHECK(plain.value() == "hello");
}

TEST_CASE("a rejected call is not made, and the error says when to ask again") {
  CircuitBreaker breaker({.failures_to_open = 1, .open_for = 60s});
  breaker.try_acquire()->failure();
  bool called = false;
  const auto rejected = breaker.execute([&] { called = true; });
  CHECK_FALSE(called);
  REQUIRE_FALSE(rejected.has_value());
  CHECK(rejected.error().code == Errc::circuit_open);
  CHECK(rejected.error().detail == "circuit is open");
  REQUIRE(rejected.error().rejection.has_value());
  CHECK(rejected.error().rejection->retry_after > 59s);
}

TEST_CASE("while the probes are under way the error says so") {
  vx11::testing::ManualClock clock;
  CircuitBreaker breaker({.failures_to_open = 1}, clock);
  breaker.try_acquire()->failure();
  clock.advance(60s);
  const auto probe = breaker.try_acquire();
  const auto rejected = breaker.execute([] {});
  REQUIRE_FALSE(rejected.has_value());
  CHECK(rejected.error().detail == "probes are busy");
  CHECK(rejected.error().rejection->state == CircuitState::half_open);
}

TEST_CASE("a predicate over the result decides what it was worth") {
  CircuitBreaker breaker({.failures_to_open = 1});
  CHECK(breaker.execute([] { return Response{404}; }, by_status)->status == 404);
  CHECK(breaker.state() == CircuitState::closed);
  CHECK(breaker.execute([] { return Response{503}; }, by_status)->status == 503);
  CHECK(breaker.state() == CircuitState::open);
}

TEST_CASE("without a predicate the error's code decides") {
  for (const Errc code : {Errc::unreachable, Errc::timeout, Errc::http_status, Errc::invalid_reply,
                          Errc::too_large, Errc::unavailable}) {
    CircuitBreaker breaker({.failures_to_open = 1});
    CHECK_FALSE(breaker.execute([=]() -> Result<> { return vx11::fail(code); }).has_value());
    CHECK(breaker.state() == CircuitState::open);
  }
  for (const Errc code :
       {Errc::invalid_argument, Errc::cancelled, Errc::circuit_open, Errc::asleep, Errc::storage}) {
    CircuitBreaker breaker({.failures_to_open = 1});
    CHECK_FALSE(breaker.execute([=]() -> Result<> { return vx11::fail(code); }).has_value());
    CHECK(breaker.state() == CircuitState::closed);
    CHECK(breaker.snapshot().totals.neutral == 1);
  }
}

TEST_CASE("an expected with an error of another kind is handed on whole, its error a failure") {
  CircuitBreaker breaker({.failures_to_open = 1});
  using Other = tl::expected<int, std::string>;
  const auto reply = breaker.execute([]() -> Other { return tl::unexpected<std::string>("no"); });
  CHECK(reply.value().error() == "no");
  CHECK(breaker.state() == CircuitState::open);
}

TEST_CASE("an exception from the callable is a failure and goes on to the caller") {
  CircuitBreaker breaker({.failures_to_open = 1});
  CHECK_THROWS_WITH_AS(breaker.execute([]() -> int { throw std::runtime_error("boom"); }), "boom",
                       std::runtime_error);
  CHECK(breaker.state() == CircuitState::open);
  CHECK(breaker.snapshot().totals.failures == 1);
}

TEST_CASE("an exception from the predicate is neutral and goes on to the caller") {
  CircuitBreaker breaker({.failures_to_open = 1});
  CHECK_THROWS_WITH_AS(breaker.execute([] { return 1; },
                                       [](int) -> Verdict { throw std::logic_error("predicate"); }),
                       "predicate", std::logic_error);
  CHECK(breaker.state() == CircuitState::closed);
  CHECK(breaker.snapshot().totals.neutral == 1);
}

TEST_CASE("a callable may be moved in, and may call the breaker again") {
  CircuitBreaker breaker;
  auto owned = std::make_unique<int>(3);
  const auto nested = breaker.execute([&breaker, owned = std::move(owned)] {
    return *owned + breaker.execute([] { return 4; }).value();
  });
  CHECK(nested.value() == 7);
}
