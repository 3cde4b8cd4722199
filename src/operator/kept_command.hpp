#pragma once

/// \file
/// Commands to madre that stay in progress when their caller leaves. Internal.

#include <vx11/power_governor.hpp>
#include <vx11/power_state_client.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace vx11 {
inline namespace v0 {
namespace endpoints {

/// A command of a caller, with its place among those of the governor.
struct KeptCommand {
  using Send = std::function<Task<Result<MadreReply>>(const PowerStateClient&, Deadline)>;

  std::shared_ptr<const PowerStateClient> power = {};
  PowerGovernor::Command in_progress = {};
  Send send = {};
  std::optional<WindowRequest> window = std::nullopt;  ///< That it opens, if it does.
};

/// Sends it. Over a transport that suspends, it counts as in progress until madre has answered or
/// `PowerOptions::command_limit` has passed, whether or not its caller still waits: another one
/// beside it would meet a madre that is at work. Over one that blocks it ends with its caller's
/// wait.
Task<Result<MadreReply>> send_kept(std::shared_ptr<KeptCommand> command, SteadyClock clock,
                                   Deadline deadline);

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
