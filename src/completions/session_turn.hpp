#pragma once

/// \file
/// The session of a request, if it asked for one. Internal.

#include <vx11/chat.hpp>

#include <memory>
#include <string>
#include <string_view>

#include "completions/context.hpp"

namespace vx11 {
inline namespace v0 {
namespace completions {

/// How an answer ended, for the session.
enum class Completeness : unsigned char { complete, broken_off };

class SessionTurn {
 public:
  /// \param chat must outlive this object
  /// \param principal whose session it is; null if unknown; must outlive this object
  SessionTurn(const Context& context, ChatRequest& chat, const std::string* principal)
      : context_(&context), chat_(&chat), principal_(principal), session_(chat.session_id) {}

  /// Completes a chat without a session by the summary of its own earlier messages.
  void begin();
  /// The same for one with a session, by the summary of that, unless the client sent more.
  Task<void> recall();
  /// Stores question and answer, unless one of them has no text.
  Task<void> keep(std::string answer, std::string source, Completeness completeness);

  bool is_kept() const noexcept { return !session_.empty(); }
  /// Empty: none was asked for.
  const std::string& session() const noexcept { return session_; }
  /// Whether the store failed, or there is none.
  bool is_lost() const noexcept { return is_lost_; }

 private:
  void recalled(Result<std::string> summary);

  const Context* context_;
  ChatRequest* chat_;
  const std::string* principal_;
  std::string session_;
  WallTime asked_at_ = {};
  bool is_lost_ = false;
};

}  // namespace completions
}  // namespace v0
}  // namespace vx11
