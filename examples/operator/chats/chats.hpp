#pragma once

/// \file
/// Chats through the gateway, whole or piece by piece, for `POST chat` and the WebSocket.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "operator/api/api_routes.hpp"
#include "operator/api/caller.hpp"
#include "operator/parts/parts.hpp"

namespace backend {

enum class ChatEventKind : std::uint8_t {
  delta,  ///< A piece of the text.
  done,   ///< The answer is complete and stored.
  error,  ///< It broke off.
  end,    ///< There is nothing after `done` or `error`.
};

/// An event of a chat's answer.
struct ChatEvent {
  ChatEventKind kind = ChatEventKind::end;
  std::string text = {};  ///< Of a delta.
  /// Of `done` the metadata (session_id, fallback_source, provider, model_used, latency_ms,
  /// degraded, correlation_id, metadata), of `error` what broke it (status, module, reason,
  /// message, complete:false).
  nlohmann::json data = {};
};

/// The answer to a chat, piece by piece. One reader at a time. Destroying it before its end cancels
/// the chat at the gateway; nothing of it is stored then.
class ChatEvents {
 public:
  ChatEvents() = default;
  ChatEvents(const ChatEvents&) = delete;
  ChatEvents& operator=(const ChatEvents&) = delete;
  virtual ~ChatEvents() = default;

  /// Failures are events of the kind `error`.
  virtual vx11::Task<ChatEvent> next(vx11::Deadline deadline) = 0;
  /// The server stops: the next event is the `error` that says so, unless the answer is complete.
  /// Also while `next` waits, which may end these events within the call.
  virtual void cut_short() noexcept {}
};

/// Either the events, or what the gateway answered in place of them.
struct ChatOpening {
  ChatOpening() = default;
  explicit ChatOpening(ApiAnswer answer) : refusal(std::move(answer)) {}
  explicit ChatOpening(std::unique_ptr<ChatEvents> stream) : events(std::move(stream)) {}

  ApiAnswer refusal = {};
  std::unique_ptr<ChatEvents> events = {};  ///< Null: refused.
};

/// A chat to ask.
struct ChatQuestion {
  ChatQuestion() = default;
  ChatQuestion(Caller asker, std::string json, std::string correlation)
      : caller(std::move(asker)), body(std::move(json)), correlation_id(std::move(correlation)) {}

  Caller caller = {};
  /// `{"message",session_id?,user_id?,metadata?}`, which the gateway checks.
  std::string body = {};
  std::string correlation_id = {};
  std::string idempotency_key = {};  ///< Of whole answers.
};

/// Asks chats: adds what the console shows, stores the turn in the transcripts, and reports
/// fallbacks as events and refusals to the audit. **Thread-safe**; outlives its tasks and events.
class Chats {
 public:
  /// \param timeout until the answer, or the head of its stream, arrives
  explicit Chats(const Parts& parts, vx11::Duration timeout = std::chrono::minutes(2),
                 vx11::SteadyClock clock = {}, vx11::WallClock wall_clock = {})
      : parts_(parts), timeout_(timeout), clock_(clock), wall_clock_(wall_clock) {}

  vx11::Task<ApiAnswer> ask(ChatQuestion question, vx11::Deadline deadline) const;
  vx11::Task<ChatOpening> open(ChatQuestion question, vx11::Deadline deadline) const;
  /// Records a chat that is refused without asking the gateway.
  vx11::Task<void> refuse(ChatQuestion question, ApiAnswer answer) const;

 private:
  Parts parts_;
  vx11::Duration timeout_;
  vx11::SteadyClock clock_;
  vx11::WallClock wall_clock_;
};

}  // namespace backend
