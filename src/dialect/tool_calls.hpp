#pragma once

/// \file
/// Calls of tools in the answers of translated dialects, in the form of the OpenAI chat API.
/// Internal.

#include <vx11/chat.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace dialect {

/// A call of a tool, in an answer or in an earlier message.
struct ToolCall {
  std::string id = {};
  std::string name = {};
  std::string arguments = {};  ///< The text of a JSON object.
};

/// `ChatAnswer::completion_json` of an answer with these calls.
/// \param text empty: the message has no content
std::string completion_of(std::string_view text, std::span<const ToolCall> calls,
                          const ChatEnding& ending);

/// `ChatEventReader::translated` of an event with these calls. A call whose arguments follow in
/// pieces has none here.
/// \param first the index of the first among all calls of the answer
std::string deltas_of(std::span<const ToolCall> calls, std::size_t first);

/// The same of a piece of the arguments of the call with this index.
std::string arguments_of(std::string_view piece, std::size_t index);

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
