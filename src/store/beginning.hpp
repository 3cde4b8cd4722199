#pragma once

/// \file
/// When a session began. Internal.

#include <vx11/session.hpp>

namespace vx11 {
inline namespace v0 {

/// The beginning of a session that is stored at `now`: when its first message was written, which is
/// before the answer to it could be stored. A message without a timestamp began at `now`.
inline WallTime begun_at(const Message& first, WallTime now) noexcept {
  const bool is_earlier = first.timestamp != WallTime() && first.timestamp < now;
  return is_earlier ? first.timestamp : now;
}

}  // namespace v0
}  // namespace vx11
