#include <vx11/adaptive_limit.hpp>
#include <vx11/bulkhead.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/hedge.hpp>
#include <vx11/keyed_rate_limiter.hpp>
#include <vx11/retry.hpp>
#include <vx11/timeout.hpp>

#include <chrono>
#include <limits>
#include <string>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using vx11::CircuitBreakerOptions;
using vx11::Errc;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class Options>
std::string mistakes(const Options& options) {
  const auto valid = vx11::validate(options);
  if (valid) return "";
  CHECK(valid.error().code == Errc::invalid_argument);
  return valid.error().detail;
}

}  // namespace

TEST_CASE("the defaults of every policy are valid") {
  CHECK(mistakes(CircuitBreakerOptions{}).empty());
  CHECK(mistakes(CircuitBreakerOptions{.trip = vx11::CountWindow{}}).empty());
  CHECK(mistakes(CircuitBreakerOptions{.trip = vx11::TimeWindow{}}).empty());
  CHECK(mistakes(vx11::RetryOptions{}).empty());
  CHECK(mistakes(vx11::BackoffOptions{}).empty());
  CHECK(mistakes(vx11::RetryBudgetOptions{}).empty());
  CHECK(mistakes(vx11::TimeoutOptions{}).empty());
  CHECK(mistakes(vx11::BulkheadOptions{}).empty());
  CHECK(mistakes(vx11::RateLimiterOptions{}).empty());
  CHECK(mistakes(vx11::KeyedRateLimiterOptions{}).empty());
  CHECK(mistakes(vx11::AdaptiveLimitOptions{}).empty());
  CHECK(mistakes(vx11::HedgeOptions{}).empty());
}

TEST_CASE("every mistake of a breaker is named, by field") {
  CHECK(mistakes(CircuitBreakerOptions{.failures_to_open = 0,
                                       .open_for = -1s,
                                       .probes = 0,
                                       .probe_timeout = 0s,
                                       .probes_to_close = 0}) ==
        "failures_to_open must be 1 to 4194303; open_for must be at least 0; probes must be 1 to "
        "1000; probe_timeout must be above 0; probes_to_close must be at least 1");
  CHECK(mistakes(CircuitBreakerOptions{
            .trip = vx11::CountWindow{.size = 10, .minimum_calls = 11, .failure_rate = kNaN}}) ==
        "trip.minimum_calls must be 1 to size; trip.failure_rate must be above 0 and at most 1");
  CHECK(mistakes(CircuitBreakerOptions{
            .trip = vx11::TimeWindow{.span = 0s, .slow = vx11::SlowCalls{.rate = 2}}}) ==
        "trip.span must be 1 ns to 365 days; trip.slow.rate must be above 0 and at most 1");
  CHECK(mistakes(
            CircuitBreakerOptions{.growth = {.factor = 0.5, .jitter = {.from = 1.0, .to = 0.5}}}) ==
        "growth.factor must be at least 1; growth.jitter.to must be at least jitter.from");
}

TEST_CASE("every mistake of the other policies is named, by field") {
  CHECK(mistakes(vx11::RetryOptions{.attempts = 0, .backoff = {.base = -1s, .factor = 0}}) ==
        "attempts must be at least 1; backoff.base must be at least 0; backoff.factor must be at "
        "least 1");
  CHECK(mistakes(vx11::RetryBudgetOptions{.share = kNaN}) == "share must be 0 to 1000");
  CHECK(mistakes(vx11::TimeoutOptions{.timeout = 0s}) == "timeout must be above 0");
  CHECK(mistakes(vx11::BulkheadOptions{.wait_timeout = -1s}) == "wait_timeout must be at least 0");
  CHECK(mistakes(vx11::KeyedRateLimiterOptions{.rate = {.calls = 0, .period = 0s, .burst = 0},
                                               .max_keys = 0}) ==
        "rate.calls must be at least 1; rate.period must be above 0; rate.burst must be at least "
        "1; max_keys must be at least 1");
  CHECK(mistakes(vx11::AdaptiveLimitOptions{.initial = 5, .min = 6, .smoothing = 0}) ==
        "initial must be min to max; smoothing must be above 0 and at most 1");
  CHECK(mistakes(vx11::HedgeOptions{.delay = -1s, .percentile = 95}) ==
        "delay must be at least 0; percentile must be 0 to 1");
}

TEST_CASE("create refuses mistakes and makes policies that can be neither copied nor moved") {
  CHECK(vx11::CircuitBreaker::create({.probes = 0}).error().detail == "probes must be 1 to 1000");
  auto breaker = vx11::CircuitBreaker::create({.failures_to_open = 1});
  REQUIRE(breaker.has_value());
  breaker->try_acquire()->failure();
  CHECK_FALSE(breaker->try_acquire());
  CHECK_FALSE(vx11::Retry::create({.attempts = 0}).has_value());
  CHECK(vx11::Retry::create({.attempts = 2}).has_value());
  CHECK_FALSE(vx11::Timeout::create({.timeout = 0s}).has_value());
  CHECK(vx11::Timeout::create({.timeout = 1s}).has_value());
  CHECK_FALSE(vx11::Bulkhead::create({.wait_timeout = -1s}).has_value());
  CHECK(vx11::Bulkhead::create()->try_acquire());
  CHECK_FALSE(vx11::RateLimiter::create({.calls = 0}).has_value());
  CHECK(vx11::RateLimiter::create()->try_acquire());
  CHECK_FALSE(vx11::KeyedRateLimiter<>::create({.max_keys = 0}).has_value());
  CHECK(vx11::KeyedRateLimiter<>::create()->try_acquire("a"));
  CHECK_FALSE(vx11::AdaptiveLimit::create({.min = 0}).has_value());
  CHECK(vx11::AdaptiveLimit::create()->try_acquire());
  CHECK_FALSE(vx11::RetryBudget::create({.share = -1}).has_value());
  CHECK_FALSE(vx11::Hedge::create({.percentile = 2}).has_value());
  CHECK(vx11::Hedge::create().has_value());
}
