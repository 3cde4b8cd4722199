#pragma once

/// \file
/// The session that a chat names. Internal.

#include <vx11/http_message.hpp>
#include <vx11/session_member.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace vx11 {
inline namespace v0 {
namespace limits {

/// A key of the session that the body of a chat names: the `member` on the paths of the OpenAI API,
/// `session_id` on others; none if there is no such string, or no object.
std::optional<std::uint64_t> session_key(const HttpRequest& request, SessionMember member);
/// Its text as the body has it, without the quotes.
std::optional<std::string> session_text(const HttpRequest& request, SessionMember member);

}  // namespace limits
}  // namespace v0
}  // namespace vx11
