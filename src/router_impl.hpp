#pragma once

/// \file
/// What a Router holds. Internal.

#include <vx11/router.hpp>

#include <utility>

#include "guarded_send.hpp"

namespace vx11::inline v0 {

/// The description, complete and without mistakes.
struct Router::Impl {
  explicit Impl(RouterOptions complete) : options(std::move(complete)) {}
  const RouterOptions options;
};

inline Guard guard_of(const RouterTarget& target, SteadyClock clock) {
  return Guard(target.name, *target.transport, target.limit, clock, target.breaker.get());
}

}  // namespace vx11::inline v0
