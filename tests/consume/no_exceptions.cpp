// The policies alone, as a program without exceptions uses them.
#include <vx11/bulkhead.hpp>
#include <vx11/circuit_breaker.hpp>
#include <vx11/fallback.hpp>
#include <vx11/hedge.hpp>
#include <vx11/keyed_rate_limiter.hpp>
#include <vx11/pipeline.hpp>
#include <vx11/retry.hpp>
#include <vx11/timeout.hpp>

#include <functional>

int main() {
  vx11::CircuitBreaker breaker({.failures_to_open = 1});
  vx11::Bulkhead bulkhead({.concurrent = 1});
  vx11::KeyedRateLimiter<> limiter;
  const auto policies =
      vx11::pipeline(vx11::fallback(7), limiter.at("a"), vx11::Retry({.attempts = 2}),
                     std::ref(breaker), std::ref(bulkhead), vx11::Timeout(std::chrono::seconds(1)));
  const auto failed =
      policies.run([]() -> vx11::Result<int> { return vx11::fail(vx11::Errc::unreachable); });
  const bool open = breaker.state() == vx11::CircuitState::open;
  vx11::Hedge hedge;
  const auto hedged = vx11::sync_wait(vx11::pipeline(std::ref(hedge)).async_run([]() {
    return vx11::Task<vx11::Result<int>>(vx11::Result<int>(8));
  }));
  return failed == 7 && open && hedged == 8 ? 0 : 1;
}
