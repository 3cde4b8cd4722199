#include "other.hpp"

#include <vx11/httplib.hpp>
#include <vx11/testing/scripted_transport.hpp>
#include <vx11/vx11.hpp>

void fail_once(vx11::CircuitBreaker& breaker) {
  if (auto permit = breaker.try_acquire()) permit->failure();
}
