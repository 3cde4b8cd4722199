#pragma once

/// \file
/// `SessionLimits` as the stores apply them. Internal.

#include <vx11/session.hpp>

#include <algorithm>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The limit of one principal.
inline std::size_t or_a_tenth(std::size_t limit, std::size_t whole) noexcept {
  return limit != 0 ? limit : std::max<std::size_t>(whole / 10, 1);
}

/// The limits raised to their minimum: one message, one session, one byte, one millisecond, the
/// unit of `WallTime`. A store that keeps nothing could not fulfil the contract of `append`.
inline SessionLimits at_least_one(SessionLimits limits) noexcept {
  limits.messages = std::max<std::size_t>(limits.messages, 1);
  limits.sessions = std::max<std::size_t>(limits.sessions, 1);
  limits.message_bytes = std::max<std::size_t>(limits.message_bytes, 1);
  limits.session_bytes = std::max<std::size_t>(limits.session_bytes, 1);
  limits.total_bytes = std::max<std::size_t>(limits.total_bytes, 1);
  limits.sessions_per_principal = or_a_tenth(limits.sessions_per_principal, limits.sessions);
  limits.bytes_per_principal = or_a_tenth(limits.bytes_per_principal, limits.total_bytes);
  limits.idle_timeout = std::max<Duration>(limits.idle_timeout, std::chrono::milliseconds(1));
  return limits;
}

/// Cuts the messages of a turn to `SessionLimits::message_bytes`.
VX11_API void bound_turn(Turn& turn, std::size_t message_bytes);

inline std::size_t stored_bytes_of(const Turn& turn) noexcept {
  return stored_bytes(turn.user) + stored_bytes(turn.assistant);
}

/// The most expired sessions one append removes. More than the one it may add, so all are removed
/// in time; few, so no single append pays for many expired sessions.
inline constexpr int kSweptPerAppend = 2;

}  // namespace detail
}  // namespace v0
}  // namespace vx11
