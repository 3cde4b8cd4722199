#pragma once

/// \file
/// A chat as the library speaks of it, and `ChatDialect`: how one kind of upstream is asked.

#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <memory>
#include <string>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// What an operator asks. A value type with a constructor, so that it may cross coroutine calls.
struct ChatRequest {
  ChatRequest() = default;
  ChatRequest(std::string message, std::string session_id)
      : message(std::move(message)), session_id(std::move(session_id)) {}

  std::string message = {};          ///< UTF-8, not empty.
  std::string session_id = {};       ///< Context-7 session this belongs to.
  std::string user_id = "local";     ///< Who asks; the contract's default.
  std::string mode = {};             ///< Passed on in the metadata when not empty.
  std::string metadata_json = "{}";  ///< The client's own metadata: the text of a JSON object.
  std::string context_summary = {};  ///< What went before, as `context_summary()` makes it.
};

/// What one upstream answered.
struct ChatAnswer {
  ChatAnswer() = default;
  ChatAnswer(std::string text, std::string upstream_json)
      : text(std::move(text)), upstream_json(std::move(upstream_json)) {}

  std::string text = {};
  std::string upstream_json = "{}";  ///< Whatever else it said, as the text of a JSON object.
};

/// How to ask one kind of upstream, and how to read what it answers.
///
/// Pure functions of their arguments: no I/O, no state that changes. Thread-safe; shared between
/// targets by `std::shared_ptr<const ChatDialect>`.
class VX11_API ChatDialect {
 public:
  ChatDialect() = default;
  ChatDialect(const ChatDialect&) = delete;
  ChatDialect& operator=(const ChatDialect&) = delete;
  virtual ~ChatDialect() = default;

  /// The request that asks `chat`, without origin; the caller adds that and its own headers.
  /// \return `invalid_argument` if `chat` cannot be said, for one because its metadata is not JSON.
  virtual Result<HttpRequest> ask(const ChatRequest& chat) const = 0;
  /// The answer in a response whose status is 2xx.
  /// \return `invalid_reply` if there is no text in it.
  virtual Result<ChatAnswer> read(const HttpResponse& response) const = 0;
};

/// switch: `POST /switch/route-v5`; reads `response`, else `reply`, else `message`.
VX11_API std::shared_ptr<const ChatDialect> switch_dialect();
/// madre: `POST /madre/chat`; reads `response`.
VX11_API std::shared_ptr<const ChatDialect> madre_dialect();

}  // namespace v0
}  // namespace vx11
