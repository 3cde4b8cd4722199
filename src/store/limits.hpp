#pragma once

/// \file
/// `SessionLimits` as the stores apply them. Internal.

#include <vx11/session.hpp>

#include <algorithm>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The limits with each at its least: one message, one session, one millisecond, the unit of
/// `WallTime`. A store that keeps nothing could not keep what `append` promises.
inline SessionLimits at_least_one(SessionLimits limits) noexcept {
  limits.messages = std::max<std::size_t>(limits.messages, 1);
  limits.sessions = std::max<std::size_t>(limits.sessions, 1);
  limits.idle_timeout = std::max<Duration>(limits.idle_timeout, std::chrono::milliseconds(1));
  return limits;
}

/// An append takes away at most so many expired sessions. Being more than the one it may add, they
/// all go in time; being few, no single append pays for a crowd that left.
inline constexpr int kSweptPerAppend = 2;

}  // namespace detail
}  // namespace v0
}  // namespace vx11
