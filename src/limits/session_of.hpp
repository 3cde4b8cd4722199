#pragma once

/// \file
/// The session that a chat names. Internal.

#include <cstdint>
#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace limits {

/// A key of `session_id`, or else of `metadata.session_id`, in the body of a chat; none if there is
/// no such string, or no object.
std::optional<std::uint64_t> session_key(std::string_view body);

}  // namespace limits
}  // namespace v0
}  // namespace vx11
