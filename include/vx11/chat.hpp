#pragma once

/// \file
/// Chat messages, and `ChatDialect`: the request and reply format of one kind of upstream.

#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// A chat request. A value type with a constructor, so that it can be passed to coroutines.
struct ChatRequest {
  ChatRequest() = default;
  ChatRequest(std::string message, std::string session_id)
      : message(std::move(message)), session_id(std::move(session_id)) {}

  std::string message = {};          ///< UTF-8, not empty.
  std::string session_id = {};       ///< Context-7 session of the chat.
  std::string user_id = "local";     ///< The user; the contract's default.
  std::string mode = {};             ///< Sent in the metadata when not empty.
  std::string metadata_json = "{}";  ///< The client's metadata: the text of a JSON object.
  std::string context_summary = {};  ///< History summary, from `context_summary()`.
};

/// The answer of one upstream.
struct ChatAnswer {
  ChatAnswer() = default;
  ChatAnswer(std::string text, std::string upstream_json)
      : text(std::move(text)), upstream_json(std::move(upstream_json)) {}

  std::string text = {};
  std::string upstream_json = "{}";  ///< Its other members, as the text of a JSON object.
};

/// Builds the requests of one kind of upstream and parses its answers.
///
/// Pure functions of their arguments: no I/O, no mutable state. Thread-safe; shared between targets
/// by `std::shared_ptr<const ChatDialect>`.
class VX11_API ChatDialect {
 public:
  ChatDialect() = default;
  ChatDialect(const ChatDialect&) = delete;
  ChatDialect& operator=(const ChatDialect&) = delete;
  virtual ~ChatDialect() = default;

  /// The request for `chat`, without origin; the caller adds that and its own headers.
  /// \return `invalid_argument` if `chat` cannot be encoded, for example because its metadata is
  ///         not JSON.
  virtual Result<HttpRequest> ask(const ChatRequest& chat) const = 0;
  /// Parses the answer from a response whose status is 2xx.
  /// \return `invalid_reply` if it contains no text.
  virtual Result<ChatAnswer> read(const HttpResponse& response) const = 0;
};

/// switch: `POST /switch/route-v5`; reads `response`, else `reply`, else `message`.
VX11_API std::shared_ptr<const ChatDialect> switch_dialect();
/// madre: `POST /madre/chat`; reads `response`.
VX11_API std::shared_ptr<const ChatDialect> madre_dialect();

}  // namespace v0
}  // namespace vx11
