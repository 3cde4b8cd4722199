#pragma once

/// \file
/// The answers of the OpenAI chat API. Internal.

#include <vx11/chat.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>

#include "json/scan.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

/// Reads a `chat.completion`.
Result<ChatAnswer> read_completion(const std::string& body);

/// Reads the value of `usage` into the counts of `ending`; anything but an object changes nothing.
void read_usage(const json::Member& usage, ChatEnding& ending);

/// Reads the events of `chat.completion.chunk` objects.
std::unique_ptr<ChatEventReader> completion_reader();

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
