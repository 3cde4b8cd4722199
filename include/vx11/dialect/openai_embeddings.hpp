#pragma once

/// \file
/// `openai_embeddings_dialect`: the embeddings of servers of the OpenAI API.

#include <vx11/chat.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// How an upstream is asked for embeddings.
struct OpenAiEmbeddingsOptions {
  /// As `OpenAiDialectOptions::base_path`, query included: the path before `/embeddings`.
  std::string base_path = "/v1";
  /// The whole path, with a query if there is one, in place of `base_path` and `/embeddings`.
  /// Empty: not replaced.
  std::string path = {};
  /// The model that is asked for, also in place of a client's. Empty: the client's.
  std::string model = {};
};

/// `POST /v1/embeddings`, for the targets of a router of `ChatCompletionsApiOptions::embeddings`.
///
/// `ChatRequest::completion_json` is the client's body, which is sent on byte for byte but for
/// `model`, if configured; a chat without one is refused. `ChatAnswer::completion_json` is the
/// whole body of the answer, which must be an object with a list `data`; it has no text and no
/// stream.
///
/// \return `invalid_argument` with every mistake of the options
VX11_API Result<std::shared_ptr<const ChatDialect>> openai_embeddings_dialect(
    OpenAiEmbeddingsOptions options = {});

}  // namespace v0
}  // namespace vx11
