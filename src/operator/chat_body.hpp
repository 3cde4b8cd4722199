#pragma once

/// \file
/// The body of a chat request. Internal.

#include <vx11/chat.hpp>
#include <vx11/http_message.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Parses `{"message","session_id"?,"user_id"?,"mode"?,"metadata"?}` into `chat`. `session_id`
/// stays empty if the client sent none.
/// \return the answer to an invalid body: 422, or 413 for a message of more than
///         `max_message_bytes`
std::optional<HttpResponse> read_chat(std::string_view body, std::size_t max_message_bytes,
                                      ChatRequest& chat);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
