#pragma once

/// \file
/// The steps of answering a chat, complete or streamed. Internal.

#include <vx11/router.hpp>
#include <vx11/session.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "json/writer.hpp"
#include "operator/context.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// The source of an answer, in the words of the contract.
struct ChatOrigin {
  std::string source = {};
  std::string reason = {};  ///< Why it was not the primary; empty if it was.
  bool embedded = false;    ///< Answered by this process itself.
};
ChatOrigin origin_of(std::string target, std::string reason, const OperatorApiOptions& with);

/// The result of using the session store.
enum class HistoryStatus : unsigned char { kept, not_read, not_stored };

/// Whether an answer has its end. One that broke off is stored with `"complete":false`.
enum class Completeness : unsigned char { complete, broken_off };

/// What a turn stores. A stream holds it while it waits, and not the request that it was part of.
class StoredTurn {
 public:
  StoredTurn() noexcept = default;
  /// Moves what it stores out of `chat`.
  StoredTurn(const Context& context, std::shared_ptr<const std::string> principal,
             ChatRequest&& chat, WallTime asked_at, HistoryStatus history) noexcept
      : context_(&context),
        principal_(std::move(principal)),
        session_id_(std::move(chat.session_id)),
        user_id_(std::move(chat.user_id)),
        message_(std::move(chat.message)),
        metadata_json_(std::move(chat.metadata_json)),
        asked_at_(asked_at),
        history_(history) {}

  const std::string& session_id() const noexcept { return session_id_; }
  /// Stores question and answer together, before the client can have received the end of the
  /// answer, so that what it received survives a crash. Call it once.
  Task<Result<void>> keep(std::string answer, const ChatOrigin& origin,
                          Completeness completeness = Completeness::complete);
  void kept(const Result<void>& stored);
  HistoryStatus history() const noexcept { return history_; }

 private:
  const Context* context_ = nullptr;
  std::shared_ptr<const std::string> principal_ = nullptr;
  std::string session_id_ = {};
  std::string user_id_ = {};
  std::string message_ = {};
  std::string metadata_json_ = {};
  WallTime asked_at_ = {};
  HistoryStatus history_ = HistoryStatus::kept;
};

/// One chat turn: parse the request, read the history, ask, store question and answer.
///
/// The store's tasks are returned directly, so that a completed one needs no coroutine:
///
/// ```cpp
/// auto refused = turn.read(call);
/// turn.recalled(co_await turn.recall());
/// …
/// turn.kept(co_await turn.keep(answer, origin));
/// ```
class ChatTurn {
 public:
  /// \param principal whose session it is; null if unknown
  ChatTurn(const Context& context, std::shared_ptr<const std::string> principal) noexcept
      : context_(&context), principal_(std::move(principal)) {}

  /// Parses the request's body.
  /// \return the answer to an invalid one
  std::optional<HttpResponse> read(const Call& call);
  /// The summary of the history and the question.
  Task<Result<std::string>> recall();
  void recalled(Result<std::string> summary);

  const ChatRequest& chat() const noexcept { return chat_; }
  /// What is stored of it, moved out of `chat()`, instead of what follows: for a stream.
  StoredTurn take() noexcept {
    return StoredTurn(*context_, std::move(principal_), std::move(chat_), asked_at_, history_);
  }

  /// As of `StoredTurn`.
  Task<Result<void>> keep(std::string answer, const ChatOrigin& origin);
  void kept(const Result<void>& stored);
  HistoryStatus history() const noexcept { return history_; }

 private:
  /// The same, and puts the history into the chat.
  Task<Result<std::string>> recall_messages();

  const Context* context_;
  std::shared_ptr<const std::string> principal_;
  ChatRequest chat_;
  WallTime asked_at_ = {};
  HistoryStatus history_ = HistoryStatus::kept;
};

/// Writes `degraded` and `metadata`, common to complete and streamed answers.
void write_metadata(json::Writer& json, const ChatOrigin& origin, std::span<const Attempt> attempts,
                    std::string_view upstream_json, HistoryStatus history);

void write_attempts(json::Writer& json, std::span<const Attempt> attempts);

/// 503: no target answered.
HttpResponse offline(const Context& context, const std::string& session_id,
                     const ChatFailure& failure);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
