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

/// Each reads a value, which is JSON without whitespace between tokens.
/// \return none if it has a part that has no counterpart; what it is goes to `wrong`, such as
///         `tools[0].type`
std::optional<std::vector<Tool>> read_tools(std::string_view value, std::string& wrong);
std::optional<std::vector<ToolCall>> read_calls(std::string_view value, std::string& wrong);
std::optional<ToolChoice> read_choice(std::string_view value);

/// Whether a tool of the value asks for arguments that certainly have the form of its schema.
bool has_strict_tool(std::string_view tools);

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
