#pragma once

/// \file
/// What answering a chat takes, whether as a whole or piece by piece. Internal.

#include <vx11/router.hpp>
#include <vx11/session.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "json/writer.hpp"
#include "operator/context.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Who answered, in the words of the contract.
struct ChatOrigin {
  std::string source = {};
  std::string reason = {};  ///< Why it was not the primary; empty if it was.
};
ChatOrigin origin_of(std::string target, std::string reason, const std::string& primary);

/// How it went with the session's store.
enum class HistoryStatus : unsigned char { kept, not_read, not_stored };

/// A question on its way: read, then asked with what was said before, then kept with its answer.
///
/// The store's tasks are handed out as they are, so that one that is ready costs no coroutine:
///
/// ```cpp
/// auto refused = turn.read(request);
/// turn.recalled(co_await turn.recall());
/// …
/// turn.kept(co_await turn.keep(answer, origin));
/// ```
class ChatTurn {
 public:
  explicit ChatTurn(const Context& context) noexcept : context_(&context) {}

  /// Reads the request's body.
  /// \return the answer to one that is not right
  std::optional<HttpResponse> read(const HttpRequest& request);
  /// The summary of what was said before and of the question.
  Task<Result<std::string>> recall();
  void recalled(Result<std::string> summary);

  const ChatRequest& chat() const noexcept { return chat_; }

  /// Stores question and answer as one, before the client can have seen the end of the answer: what
  /// it has seen is there after a crash. Takes what it stores out of `chat()`.
  Task<Result<void>> keep(std::string answer, const ChatOrigin& origin);
  void kept(const Result<void>& stored) noexcept;

  HistoryStatus history() const noexcept { return history_; }

 private:
  const Context* context_;
  ChatRequest chat_ = {};
  WallTime asked_at_ = {};
  HistoryStatus history_ = HistoryStatus::kept;
};

/// Writes `degraded` and `metadata`, the same for both forms of answer.
void write_metadata(json::Writer& json, const ChatOrigin& origin, std::span<const Attempt> attempts,
                    std::string_view upstream_json, HistoryStatus history);

/// Nobody answered: 503.
HttpResponse offline(const std::string& session_id, const ChatFailure& failure,
                     const std::string& primary);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
