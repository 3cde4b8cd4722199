#pragma once

/// \file
/// Reads the messages of a request of the OpenAI chat API. Internal.

#include <vx11/result.hpp>

#include <optional>
#include <string_view>

#include "dialect/completion_request.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

/// Reads the value of `messages` into the system prompt, the messages and the ignored members of
/// `chat`; what was read before is replaced.
/// \param messages JSON without whitespace between tokens
/// \return the error that names the first part that is neither text nor about tools
std::optional<Error> read_messages(std::string_view messages, PlainChat& chat);

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
