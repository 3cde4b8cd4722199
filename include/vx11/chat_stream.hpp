#pragma once

/// \file
/// `ChatStream`: an answer that comes piece by piece.

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
  std::string text = {};  ///< The text in it: what the answer is put together from.
};

/// An answer under way, from the one target that gave the first piece of it.
///
/// There is no way from here back to another target: once a piece may have been passed on, an
/// answer can only be finished or break. The breaker of the target learns what the stream was worth
/// when it has ended; dropped before, it is neutral, and the upstream's connection is closed.
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
  /// What else the upstream said, as a JSON object: complete once the stream has ended.
  const std::string& upstream_json() const noexcept;

  /// The next piece, or none at the end. The first is there at once.
  /// \return `timeout` when the upstream fell silent, `unreachable` or `invalid_reply` when it
  /// broke off,
  ///         `cancelled`; after an error there is nothing more
  Task<Result<std::optional<ChatPiece>>> next(Deadline deadline = {});

 private:
  friend struct detail::ChatStreamAccess;
  class Impl;
  explicit ChatStream(std::unique_ptr<Impl> impl) noexcept;

  std::unique_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
