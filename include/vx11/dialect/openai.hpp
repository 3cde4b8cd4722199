#pragma once

/// \file
/// `openai_dialect`: servers of the OpenAI chat API.

#include <vx11/chat.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// How an upstream of the OpenAI chat API is asked.
struct OpenAiDialectOptions {
  /// The path before `/chat/completions`. Most servers have `/v1`; some hosts put more before it. A
  /// query at its end is kept as that of the whole path: `/openai/deployments/NAME?api-version=…`.
  std::string base_path = "/v1";
  /// The whole path, with a query if there is one, in place of `base_path` and `/chat/completions`.
  /// Empty: not replaced.
  std::string path = {};
  /// The model that is asked for, also in place of a client's. Empty: the client's, and none in
  /// requests without one, which servers with one model accept.
  std::string model = {};
  /// The first message, as `system`. Empty: none. Not added to a client's `completion_json`.
  std::string system_prompt = {};
  /// How much of `ChatRequest::history` is sent, newest first, in tokens, estimated as 4 bytes
  /// each. 4096 leaves room for the answer in the smallest windows in use (8192). 0: none of it.
  std::size_t history_tokens = 4096;
  /// Members added to each request that is not a client's `completion_json`, such as
  /// `{"temperature":0.2}`: the text of a JSON object without `model`, `messages` and `stream`.
  std::string extra_json = "{}";
};

/// The OpenAI chat API, `POST /v1/chat/completions`, as llama.cpp, vLLM, Ollama, LM Studio, TGI and
/// many hosts have it.
///
/// A request with `completion_json` is sent on byte for byte but for `model`, if configured, and
/// `stream`, which is set to the form of the answer; for a whole answer, `stream_options` becomes
/// null. Any other request is written as messages from the system prompt, the history and the
/// message.
///
/// An answer is the text, tool calls, refusal or reasoning of the first choice, and
/// `ChatAnswer::completion_json` the whole body; a body with an `error` has none. A stream ends
/// with `[DONE]`, or when it is closed cleanly after a `finish_reason`.
///
/// \return `invalid_argument` with every mistake of the options
VX11_API Result<std::shared_ptr<const ChatDialect>> openai_dialect(
    OpenAiDialectOptions options = {});

}  // namespace v0
}  // namespace vx11
