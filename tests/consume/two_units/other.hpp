#pragma once

#include <vx11/circuit_breaker.hpp>

void fail_once(vx11::CircuitBreaker& breaker);
