#pragma once

/// \file
/// Reads the description of a chat.

#include <vx11/chat.hpp>
#include <vx11/result.hpp>

namespace vx11::c {

/// Reads a chat as vx11.h shows it.
/// \return `invalid_argument` with every mistake
Result<ChatRequest> chat_request(const char* description);

}  // namespace vx11::c
