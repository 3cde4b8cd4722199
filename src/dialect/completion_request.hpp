#pragma once

/// \file
/// Reads requests of the OpenAI chat API for dialects that translate them. Internal.

#include <vx11/chat.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialect/tools.hpp"

namespace vx11 {
inline namespace v0 {
namespace dialect {

/// The name of a member in the OpenAI chat API and in the dialect.
struct Translation {
  std::string_view openai = {};
  std::string_view own = {};
};

/// A translated member.
struct Translated {
  std::string_view name = {};
  std::string json = {};
};

struct PlainMessage {
  PlainMessage() = default;
  PlainMessage(std::string role, std::string text) : role(std::move(role)), text(std::move(text)) {}

  std::string role = "user";  ///< `user`, `assistant` or `tool`.
  std::string text = {};
  std::vector<ToolCall> calls = {};  ///< Of an assistant.
  /// Of a tool: the call whose result the text is, and the tool's name, if a message has the call.
  std::string call_id = {};
  std::string tool = {};
};

/// A chat as system prompt and messages.
struct PlainChat {
  std::string model = {};  ///< The client's; empty: none.
  std::string system = {};
  std::vector<PlainMessage> messages = {};
  std::vector<Tool> tools = {};
  ToolChoice choice = {};                 ///< The default, if there are no tools.
  std::vector<Translated> members = {};   ///< In the client's order; `stop` is always an array.
  std::vector<std::string> ignored = {};  ///< Hints that the dialect has no place for.
};

/// How chats that are not a client's `completion_json` are written.
struct PlainChatOptions {
  std::string system_prompt = {};
  std::size_t history_tokens = 4096;
};

/// Whether the value, JSON without whitespace between tokens, is the same as none.
bool asks_for_nothing(std::string_view name, std::string_view value) noexcept;

/// The error for a member that the upstream's API has no place for.
Error refused(std::string_view where);

/// Reads `chat`; of a `completion_json` the members of `known` are translated.
/// `max_completion_tokens` is known as `max_tokens`.
/// \return `invalid_argument` naming a member that is neither known nor a hint, or a part of a
///         message that is neither text nor about tools
Result<PlainChat> read_chat(const ChatRequest& chat, const PlainChatOptions& options,
                            std::span<const Translation> known);

/// The members of the object `extra` that `members` do not have.
/// \param extra valid JSON without whitespace between tokens
std::string without_members(const std::string& extra, std::span<const Translated> members);

}  // namespace dialect
}  // namespace v0
}  // namespace vx11
