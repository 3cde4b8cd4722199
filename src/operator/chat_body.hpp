#pragma once

/// \file
/// The body of a chat request. Internal.

#include <vx11/chat.hpp>
#include <vx11/http_message.hpp>

#include <cstddef>
#include <string_view>

#include <tl/expected.hpp>

namespace vx11::inline v0::endpoints {

/// Reads `{"message","session_id"?,"user_id"?,"mode"?,"metadata"?}`. `session_id` stays empty when
/// the client named none. \return the answer to a body that is not right: 422, or 413 for a message
/// of more than `max_message_bytes`
tl::expected<ChatRequest, HttpResponse> read_chat(std::string_view body,
                                                  std::size_t max_message_bytes);

}  // namespace vx11::inline v0::endpoints
