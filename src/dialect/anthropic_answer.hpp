#pragma once

/// \file
/// The answers of the Anthropic messages API. Internal.

#include <vx11/chat.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {
namespace dialect {

/// Reads a `message`.
Result<ChatAnswer> read_message(const std::string& body);

/// Reads the events of a streamed message.
std::unique_ptr<ChatEventReader> message_reader();

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
