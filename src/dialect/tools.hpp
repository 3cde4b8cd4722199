#pragma once

/// \file
/// Reads the members of a request of the OpenAI chat API that are about tools. Internal.

#include <vx11/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/tool_calls.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

/// A function that the model may call.
struct Tool {
  std::string name = {};
  std::string description = {};  ///< Empty: none.
  /// The JSON schema of its arguments: the text of an object.
  std::string schema = R"({"type":"object","properties":{}})";
};

/// Whether the model calls tools.
enum class ToolUse : unsigned char {
  automatic,  ///< It decides.
  none,
  required,  ///< At least one.
  named,     ///< The one of `ToolChoice::name`.
};

/// How many tools it may call at once.
enum class ParallelCalls : unsigned char { allowed, forbidden };

struct ToolChoice {
  ToolUse use = ToolUse::automatic;
  std::string name = {};
  ParallelCalls parallel = ParallelCalls::allowed;
};

/// Reads the value of `tools`, which is JSON without whitespace between tokens. Hints that are left
/// out go to `ignored`.
/// \return `invalid_argument` that begins with the part that is wrong, such as `tools[0]`
Result<std::vector<Tool>> read_tools(std::string_view value, std::vector<std::string>& ignored);

/// The same of the `tool_calls` of a message.
/// \param message the place before the names of parts, such as `messages[1]`
Result<std::vector<ToolCall>> read_calls(std::string_view value, const std::string& message,
                                         std::vector<std::string>& ignored);

/// \return none if it has no counterpart
std::optional<ToolChoice> read_choice(std::string_view value);

/// The object in a text of JSON, without whitespace; none if the text has another value. A call
/// without arguments has an empty text or `null`.
std::optional<std::string> arguments_in(std::string_view text);

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
