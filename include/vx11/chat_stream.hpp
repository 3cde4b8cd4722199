#pragma once

/// \file
/// `ChatStream`: a streamed answer, read piece by piece.

#include <vx11/attempt.hpp>
#include <vx11/deadline.hpp>
#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/task.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

namespace detail {
struct ChatStreamAccess;
}

/// A piece of an answer.
struct ChatPiece {
  ChatPiece() = default;
  ChatPiece(std::string data, std::string text) : data(std::move(data)), text(std::move(text)) {}

  std::string data = {};  ///< The event's data as the upstream sent it.
  std::string text = {};  ///< The text in it; the answer is the concatenation of these.
};

/// A streamed answer from the one target that sent its first piece.
///
/// There is no fallback to another target: pieces may already have been delivered. The target's
/// breaker records the outcome when the stream ends. Destroying it earlier is neutral for the
/// breaker and closes the connection to the upstream.
///
/// Move-only; one reader at a time.
class VX11_API ChatStream {
 public:
  ChatStream(ChatStream&&) noexcept;
  ChatStream& operator=(ChatStream&&) noexcept;
  ~ChatStream();

  const std::string& source() const noexcept;             ///< As `ChatReply::source`.
  const std::string& reason() const noexcept;             ///< As `ChatReply::reason`.
  const std::vector<Attempt>& attempts() const noexcept;  ///< As `ChatReply::attempts`.
  /// The other members of the upstream's answer, as a JSON object: complete once the stream has
  /// ended.
  const std::string& upstream_json() const noexcept;

  /// The next piece, or none at the end. The first is available at once.
  /// \return `timeout` when the upstream stops sending, `unreachable` or `invalid_reply` when the
  ///         stream breaks, `cancelled`; the stream has ended after an error
  Task<Result<std::optional<ChatPiece>>> next(Deadline deadline = {});

 private:
  friend struct detail::ChatStreamAccess;
  class Impl;
  explicit ChatStream(std::unique_ptr<Impl> impl) noexcept;

  std::unique_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
