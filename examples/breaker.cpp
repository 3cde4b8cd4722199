// A circuit breaker on its own: rejects calls after repeated failures and probes for recovery.
#include <vx11/circuit_breaker.hpp>
#include <vx11/testing/manual_clock.hpp>

#include <chrono>
#include <iostream>

using namespace std::chrono_literals;

namespace {

// Any call that can fail. This one fails until it is repaired.
bool call_upstream(bool repaired) {
  return repaired;
}

void call(vx11::CircuitBreaker& breaker, bool repaired) {
  auto permit = breaker.try_acquire();
  if (!permit) {
    std::cout << "rejected, come back in " << permit.error().retry_after / 1s << " s";
  } else if (call_upstream(repaired)) {
    permit->success();
    std::cout << "answered";
  } else {
    permit->failure();
    std::cout << "failed";
  }
  std::cout << "; the circuit is " << to_string(breaker.state()) << '\n';
}

}  // namespace

int main() {
  vx11::testing::ManualClock clock;  // advances without waiting; omit it to use the real clock
  vx11::CircuitBreaker breaker({.failures_to_open = 3, .open_for = 60s}, clock);

  for (int i = 0; i < 5; ++i) call(breaker, false);
  std::cout << "a minute later, after a repair:\n";
  clock.advance(60s);
  for (int i = 0; i < 2; ++i) call(breaker, true);
}
