#pragma once

/// \file
/// Refusals of the handlers around an API, in the form of that API. Internal.

#include <vx11/http_message.hpp>

#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace requests {

/// The form of the operator contract, or of OpenAI for the routes below `/v1`.
/// \param code a word; `message` says what to do, for OpenAI's clients. Neither needs escaping.
HttpResponse refusal(std::string_view route, int status, std::string_view code,
                     std::string_view message);

}  // namespace requests
}  // namespace v0
}  // namespace vx11
