#pragma once

/// \file
/// The body of a request of the OpenAI chat API. Internal.

#include <vx11/chat.hpp>
#include <vx11/chat_completions_api.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>
#include <string_view>

#include "json/scan.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// The endpoint whose answer is wanted.
enum class AnswerStyle : unsigned char { chat_completion, response, text_completion };

/// A valid request. Members that this API does not read are in `chat.completion_json` alone.
struct CompletionCall {
  CompletionCall() = default;

  std::string model = {};
  AnswerStyle style = AnswerStyle::chat_completion;
  AnswerForm form = AnswerForm::whole;
  bool wants_usage = false;  ///< `stream_options.include_usage`
  /// With `message` (the last user message), `history` (those before it) and `completion_json`.
  /// `session_id` is empty if no session was asked for.
  ChatRequest chat = {};
  std::shared_ptr<const std::string> principal = {};  ///< Who sent it; null if unknown.
};

/// Whether `member` is a name or an id: a string of at most 256 bytes without control characters.
bool is_word(const json::Member& member) noexcept;

/// The mistake of a body whose `model` is missing or no word.
inline constexpr std::string_view kModelMistake =
    "model must be the name of a model, as GET /v1/models lists them";

/// The body without the byte order mark that some clients put before it.
std::string_view without_mark(std::string_view body) noexcept;

/// Parses `body`.
/// \return 400 that names the first mistake
Result<CompletionCall, HttpResponse> read_completion_call(const std::string& body,
                                                          SessionMember session_member);

}  // namespace completions
}  // namespace v0
}  // namespace vx11
