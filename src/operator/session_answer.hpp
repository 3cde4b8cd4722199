#pragma once

/// \file
/// A session as JSON, whole or in pieces. Internal.

#include <vx11/session.hpp>
#include <vx11/streaming.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// Writes a session message by message, so that a large one is never one string.
class SessionText {
 public:
  explicit SessionText(Session session);

  /// Whether an answer in one piece would be large.
  bool is_large() const noexcept { return bytes_ > kLarge; }
  /// The next part, of about `kPiece` bytes and at most one message more; empty after the end.
  std::string next();
  bool ended() const noexcept { return ended_; }
  /// All of it, at the beginning.
  std::string whole();

 private:
  static constexpr std::size_t kLarge = 64 * 1024;
  static constexpr std::size_t kPiece = 16 * 1024;

  std::string head() const;

  Session session_;
  std::size_t bytes_ = 0;
  std::size_t written_ = 0;  ///< Messages.
  bool begun_ = false;
  bool ended_ = false;
};

/// The pieces of `text` as a response body.
std::unique_ptr<BodyStream> stream_of(SessionText text);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
