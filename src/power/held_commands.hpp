#pragma once

/// \file
/// Commands of callers, which end without them. Internal.

#include <vx11/power_governor.hpp>
#include <vx11/power_state_client.hpp>
#include <vx11/task.hpp>

#include <functional>
#include <memory>
#include <optional>

#include "threads/single_flight.hpp"

namespace vx11 {
inline namespace v0 {

/// A command, and the governor's slot, which it holds.
struct HeldCommand {
  using Reply = Result<MadreReply>;

  /// Begins it. Called once.
  std::function<Task<Reply>(Deadline)> send = {};
  std::shared_ptr<PowerGovernor::Command> slot = {};
  /// Of a command that opens one: the governor learns madre's answer.
  std::optional<WindowRequest> window = std::nullopt;
};

/// Runs commands whose slot is held until madre has answered or their limit has passed, also when
/// their callers have left: another one is not sent meanwhile. Thread-safe.
class HeldCommands {
 public:
  using Reply = HeldCommand::Reply;

  explicit HeldCommands(SteadyClock clock)
      : clock_(clock), running_(std::make_shared<Running>(clock)) {}

  /// \param blocks whether the transport blocks: then the command ends with its caller's wait
  Task<Reply> run(HeldCommand command, bool blocks, Deadline deadline) const;

 private:
  using Running = SingleFlight<Reply>;

  SteadyClock clock_;
  std::shared_ptr<Running> running_;
};

}  // namespace v0
}  // namespace vx11
