#include <vx11/circuit_breaker.hpp>

int main() {
  vx11::CircuitBreaker breaker{{.failures_to_open = 1}};
  breaker.try_acquire()->failure();
  return breaker.state() == vx11::CircuitState::open ? 0 : 1;
}
