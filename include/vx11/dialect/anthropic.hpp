#pragma once

/// \file
/// `anthropic_dialect`: the Anthropic messages API.

#include <vx11/chat.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// How an upstream of the Anthropic messages API is asked. Its key is a header of the target:
/// `x-api-key`.
struct AnthropicDialectOptions {
  std::string base_path = "/v1";  ///< The path before `/messages`; may have a query.
  /// The model that is asked for, also in place of a client's. Empty: the client's; a chat without
  /// one is then refused.
  std::string model = {};
  /// The header `anthropic-version`. The default is the version that this dialect is written for.
  std::string version = "2023-06-01";
  /// The API requires a limit of the answer's tokens; for chats without one. 4096: every model of
  /// the API allows that many.
  std::uint32_t max_tokens = 4096;
  std::string system_prompt = {};     ///< As `OpenAiDialectOptions::system_prompt`.
  std::size_t history_tokens = 4096;  ///< As `OpenAiDialectOptions::history_tokens`.
  /// Members added to each request: the text of a JSON object without `model`, `max_tokens`,
  /// `system`, `messages` and `stream`. A client's value of the same name is preferred.
  std::string extra_json = "{}";
};

/// The Anthropic messages API, `POST /v1/messages`, whole and streamed as named events.
///
/// Of a `completion_json`, messages of text, tools, their choice, calls and results, and the
/// sampling members (`temperature`, `top_p`, `stop`, `max_tokens`, `max_completion_tokens`) are
/// translated, system messages become `system`; hints are ignored, `seed` among them; everything
/// else is refused.
///
/// \return `invalid_argument` with every mistake of the options
VX11_API Result<std::shared_ptr<const ChatDialect>> anthropic_dialect(
    AnthropicDialectOptions options = {});

}  // namespace v0
}  // namespace vx11
