#pragma once

/// \file
/// `ollama_dialect`: Ollama's own chat API.

#include <vx11/chat.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// How Ollama is asked.
struct OllamaDialectOptions {
  std::string base_path = {};  ///< The path before `/api/chat`; may have a query.
  /// The model that is asked for, also in place of a client's. Empty: the client's; a chat without
  /// one is then refused.
  std::string model = {};
  std::string system_prompt = {};  ///< As `OpenAiDialectOptions::system_prompt`.
  /// As `OpenAiDialectOptions::history_tokens`. Ollama cuts what exceeds its `num_ctx` in silence.
  std::size_t history_tokens = 4096;
  /// Members added to each request, such as `{"keep_alive":"1h","options":{"num_ctx":8192}}`: the
  /// text of a JSON object without `model`, `messages` and `stream`. A client's value of the same
  /// name is preferred.
  std::string extra_json = "{}";
};

/// Ollama's `POST /api/chat`, whole and streamed as JSON lines. Ollama also has the OpenAI chat
/// API, where images and formats work; this one has its own members, such as `keep_alive`.
///
/// Of a `completion_json`, messages of text, tools, their calls and results, and the sampling
/// members (`temperature`, `top_p`, `seed`, `stop`, `max_tokens`, `max_completion_tokens`, the
/// penalties) are translated; hints are ignored; everything else is refused, such as a
/// `tool_choice` other than `auto` and `none`, and `parallel_tool_calls: false` with tools.
///
/// \return `invalid_argument` with every mistake of the options
VX11_API Result<std::shared_ptr<const ChatDialect>> ollama_dialect(
    OllamaDialectOptions options = {});

}  // namespace v0
}  // namespace vx11
