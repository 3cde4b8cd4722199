#pragma once

/// \file
/// What of a client's body of the OpenAI chat API an upstream cannot express that takes one text
/// and gives one back. Internal.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// The members of `completion` that would change the answer or its form, and that such an upstream
/// has no place for: tools, pictures, a required format, several choices, unknown members.
/// \param completion valid JSON of an object
/// \return why the first of them is refused, naming it; none if nothing is refused
std::optional<std::string> inexpressible(std::string_view completion);

/// The members that such an upstream does not get, although nothing is wrong without them: sampling
/// hints, notes for a provider, and `messages` if there are more than one, since only a summary of
/// the earlier ones is sent.
std::vector<std::string> left_out(std::string_view completion);

}  // namespace v0
}  // namespace vx11
