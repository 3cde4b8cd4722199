#pragma once

/// \file
/// What is kept of a chat: transcript, latencies, events, audit. Internal.

#include <vx11/clock.hpp>
#include <vx11/task.hpp>

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "operator/chats/chats.hpp"

namespace backend {

/// One chat from its question to its end. Outlives its tasks.
class ChatRecord {
 public:
  ChatRecord(const Parts& parts, ChatQuestion question, vx11::SteadyClock clock,
             vx11::WallClock wall_clock)
      : parts_(parts),
        question_(std::move(question)),
        clock_(clock),
        wall_clock_(wall_clock),
        begun_(clock.now()) {}

  const ChatQuestion& question() const noexcept { return question_; }
  vx11::TimePoint begun() const noexcept { return begun_; }
  double elapsed_ms() const;
  /// The answer repeats an earlier one, which was recorded: nothing is stored or reported.
  void note_replay() noexcept { is_replay_ = true; }

  /// Stores the turn; `body` is complete. If that fails, it says so: `degraded`, and
  /// `session_stored` in its metadata.
  vx11::Task<void> answered(nlohmann::json& body, std::string text);
  /// The stream broke off after `text`, which is stored as incomplete.
  vx11::Task<void> broke_off(const nlohmann::json& failure, std::string text);
  /// The gateway did not answer the chat.
  vx11::Task<void> refused(const ApiAnswer& answer);

 private:
  void count_attempts(const nlohmann::json& attempts) const;
  vx11::Task<bool> store(std::string session, std::string text, nlohmann::json metadata);
  vx11::Task<void> report(NewEvent event);
  vx11::Task<void> report_fallback(const nlohmann::json& body);
  NewEvent event(std::string type, Severity severity) const;
  std::string asked(const char* name) const;

  Parts parts_;
  ChatQuestion question_;
  vx11::SteadyClock clock_;
  vx11::WallClock wall_clock_;
  vx11::TimePoint begun_;
  bool is_replay_ = false;
};

}  // namespace backend
