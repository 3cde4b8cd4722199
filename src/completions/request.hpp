#pragma once

/// \file
/// The body of a request of the OpenAI chat API. Internal.

#include <vx11/chat.hpp>
#include <vx11/chat_completions_api.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <string>

namespace vx11 {
inline namespace v0 {
namespace completions {

/// The endpoint whose answer is wanted.
enum class AnswerStyle : unsigned char { chat_completion, response };

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
};

/// Parses `body`.
/// \return 400 that names the first mistake
Result<CompletionCall, HttpResponse> read_completion_call(const std::string& body,
                                                          SessionMember session_member);

}  // namespace completions
}  // namespace v0
}  // namespace vx11
