#pragma once

/// \file
/// `ChatStream`: a streamed answer, read piece by piece.

#include <vx11/attempt.hpp>
#include <vx11/chat.hpp>
#include <vx11/deadline.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

namespace detail {
struct ChatStreamAccess;
}

/// A piece of an answer. One that is no text, such as a part of a tool call, or that contains
/// nothing of the answer, such as its usage, has an empty text; see `ChatEventKind`.
struct ChatPiece {
  ChatPiece() = default;
  ChatPiece(std::string event, std::string words)
      : data(std::move(event)), text(std::move(words)) {}

  /// The event's data as the upstream sent it, or as `ChatEventReader::translated` replaces it.
  std::string data = {};
  std::string text = {};  ///< The text in it; the answer is the concatenation of these.
};

/// Receives the pieces of an answer without copies of their texts.
class VX11_API ChatPieceSink {
 public:
  ChatPieceSink() = default;
  ChatPieceSink(const ChatPieceSink&) = delete;
  ChatPieceSink& operator=(const ChatPieceSink&) = delete;
  virtual ~ChatPieceSink() = default;

  /// One piece, as in `ChatPiece`. The views are valid during the call.
  virtual void take(std::string_view data, std::string_view text) = 0;
};

/// A streamed answer from the one target that sent its first piece.
///
/// There is no fallback to another target: pieces may already have been delivered. A stream ends
/// well only with the end of its dialect; one that is cut, even cleanly, or reports an error is
/// broken. The target's breaker records the outcome when the stream ends. Destroying it earlier is
/// neutral for the breaker and closes the connection to the upstream.
///
/// Move-only; one reader at a time.
class VX11_API ChatStream {
 public:
  ChatStream(ChatStream&&) noexcept;
  ChatStream& operator=(ChatStream&&) noexcept;
  ~ChatStream();

  const std::string& source() const noexcept;  ///< As `ChatReply::source`.
  const std::string& reason() const noexcept;  ///< As `ChatReply::reason`.
  /// As `ChatReply::attempts`. The last entry gets its outcome and its full time when the stream
  /// has ended; until then it is `answered` with the time to the first piece.
  const std::vector<Attempt>& attempts() const noexcept;
  /// The other members of the upstream's answer, as a JSON object: complete once the stream has
  /// ended.
  const std::string& upstream_json() const noexcept;
  const ChatEnding& ending() const noexcept;  ///< How the answer ended, once the stream has ended.
  /// As `ChatReply::completion_json`, of an answer that arrived in one piece; else empty.
  const std::string& completion_json() const noexcept;
  const std::vector<std::string>& ignored() const noexcept;  ///< As `ChatReply::ignored`.

  /// The next piece, or none at the end. The first is available at once. The deadline is for a
  /// piece: comments and events without text do not extend it.
  /// \return `timeout` when no piece arrives in time, `unreachable` or `invalid_reply` when the
  ///         stream breaks, `http_status` when the upstream reports an error, `too_large` for an
  ///         event above 1 MiB, `cancelled`; the stream has ended after an error
  Task<Result<std::optional<ChatPiece>>> next(Deadline deadline = {});
  /// The same for all pieces that have arrived: waits for one at least and passes each to `sink`,
  /// which the caller keeps alive until the task has completed. Pieces that arrived before the end
  /// or an error are delivered first.
  /// \return whether more may follow; false once the answer is complete
  Task<Result<bool>> read(ChatPieceSink& sink, Deadline deadline = {});
  /// After the end: reads the rest of the response, so that its connection can be used again;
  /// closes it at `deadline`.
  Task<void> release(Deadline deadline);

 private:
  friend struct detail::ChatStreamAccess;
  class Impl;
  explicit ChatStream(std::unique_ptr<Impl> impl) noexcept;

  detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
