// Both units include everything: what is not inline is defined twice, and what differs clashes.
#include <vx11/httplib.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/vx11.hpp>

#include "other.hpp"

int main() {
  vx11::CircuitBreaker breaker{{.failures_to_open = 1}};
  fail_once(breaker);  // opened in the other unit
  return breaker.state() == vx11::CircuitState::open ? 0 : 1;
}
