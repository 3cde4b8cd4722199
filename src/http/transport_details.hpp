#pragma once

/// \file
/// Details of a transport's errors that decide something. Internal.

#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Of `unreachable` after the request was sent, at least in part: the upstream may have acted on
/// it.
inline constexpr std::string_view kClosedBeforeAnswer = "connection closed before an answer";

}  // namespace v0
}  // namespace vx11
