#pragma once

/// \file
/// The answers of the OpenAI chat API. Internal.

#include <vx11/chat.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {
namespace dialect {

/// Reads a `chat.completion`.
Result<ChatAnswer> read_completion(const std::string& body);

/// Reads the events of `chat.completion.chunk` objects.
std::unique_ptr<ChatEventReader> completion_reader();

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
