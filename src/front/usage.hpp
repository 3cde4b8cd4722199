#pragma once

/// \file
/// Charges a chat to the handler that limits tokens. Internal.

#include <vx11/chat.hpp>
#include <vx11/http_handler.hpp>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// \param meter null: nothing is charged, and neither is an answer whose upstream counts no tokens
inline void charge(UsageMeter* meter, const ChatEnding& ending) noexcept {
  if (meter == nullptr || (!ending.input_tokens && !ending.output_tokens)) return;
  meter->charge(ending.input_tokens.value_or(0) + ending.output_tokens.value_or(0));
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
