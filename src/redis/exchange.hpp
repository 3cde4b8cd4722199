#pragma once

/// \file
/// One command with its redirections and repetitions. Internal.

#include <vx11/deadline.hpp>
#include <vx11/url.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "redis/call.hpp"
#include "redis/command.hpp"
#include "redis/loop_client.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

/// A command until its reply is final:
///
/// ```cpp
/// while (exchange.begin_step()) {
///   Call& step = exchange.step();
///   co_await step;
/// }
/// ```
/// It follows MOVED and ASK, and repeats what a server has refused because the servers are being
/// rearranged. What may have been executed is not repeated. On its loop's thread only.
class Exchange {
 public:
  /// \param key decides on the server; the caller keeps it alive
  Exchange(LoopClient& client, std::string_view key, const Command& command,
           const Deadline& deadline);

  /// \return whether there is a step to wait for; if not, the result is there
  bool begin_step();
  Call& step() noexcept { return *step_; }

  /// Once there is no further step.
  RedisResult<Reply> take();
  /// The reply to the command in front (`Command::after`); nil if that was left out, as it is where
  /// a slot moves.
  Reply take_first() { return std::move(first_reply_); }

 private:
  enum class Step : std::uint8_t { command, map, pause };

  void begin();
  void wait_a_moment();
  void wait(Step kind, TimePoint until);
  void send_to(Link& link);
  void conclude();
  void conclude_command();
  void redirect(const Reply& refusal, ErrorKind kind);
  void repeat_or_give_up(const RedisError& error);
  void give_up(const RedisError& error);

  LoopClient& client_;
  const std::string_view key_;
  const Deadline deadline_;
  std::string bytes_ = {};
  const std::size_t first_bytes_;  ///< At their beginning: the command in front.
  Reply first_reply_ = {};
  std::string asking_ = {};  ///< The bytes behind ASKING.
  const bool writes_;
  Step kind_ = Step::command;
  std::string asked_host_ = {};                    ///< Of the last command, in a Cluster.
  std::optional<Url> next_server_ = std::nullopt;  ///< By a redirection.
  bool ask_ = false;                               ///< The next step begins with ASKING.
  std::uint32_t redirections_ = 0;
  std::uint32_t pauses_ = 0;
  bool pauses_next_ = false;
  ErrorKind last_ = ErrorKind::timeout;  ///< Why it has not succeeded yet.
  std::optional<RedisResult<Reply>> result_ = std::nullopt;
  std::optional<Call> step_ = std::nullopt;
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
