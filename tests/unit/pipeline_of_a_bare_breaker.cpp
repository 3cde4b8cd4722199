// Must not compile: a function that returned this pipeline would return a reference to its
// variable.
#include <vx11/circuit_breaker.hpp>
#include <vx11/pipeline.hpp>

auto dangling() {
  vx11::CircuitBreaker breaker;
  return vx11::pipeline(breaker);
}
