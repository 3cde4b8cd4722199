#pragma once

/// \file
/// Changes members of a JSON object and leaves all other bytes as they are. Internal.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace json {

/// A new value for a member.
struct MemberEdit {
  enum class WhenAbsent : std::uint8_t { add, skip };

  std::string_view name = {};  ///< Needs no escaping.
  std::string_view json = {};  ///< The new value.
  WhenAbsent when_absent = WhenAbsent::add;
};

/// The most edits at once.
inline constexpr std::size_t kMostEdits = 8;

/// `object`, which must be valid JSON of an object, with these values: every member of such a name
/// is changed in its place; one that is absent is added at the end. Without a byte order mark.
std::string with_members(std::string_view object, std::span<const MemberEdit> edits);

}  // namespace json
}  // namespace v0
}  // namespace vx11
