#pragma once

/// \file
/// Changes members of a JSON object and leaves all other bytes as they are. Internal.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "json/scan.hpp"

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

/// `object` with these values: every member of such a name is changed in its place; one that is
/// absent is added at the end. Without a byte order mark. What is no JSON object is left as it is.
std::string with_members(std::string_view object, std::span<const MemberEdit> edits);

/// The same, and an error if `text` is no JSON object. It is validated in the pass that edits it.
Result<std::string, ScanError> edited(std::string_view text, std::span<const MemberEdit> edits);

}  // namespace json
}  // namespace v0
}  // namespace vx11
