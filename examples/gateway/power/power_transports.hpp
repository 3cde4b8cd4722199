#pragma once

/// \file
/// What power policies have to know of requests that are in progress.

#include <vx11/power_governor.hpp>
#include <vx11/transport.hpp>

#include <atomic>
#include <memory>

namespace gateway {

/// Chats and tasks for switch, from the first byte to the last. Thread-safe.
class SwitchUse {
 public:
  void begin() noexcept { ++running_; }
  void end() noexcept {
    is_used_ = true;
    --running_;
  }
  /// Whether one has been in progress since the last call.
  bool take() noexcept { return is_used_.exchange(false) || running_ > 0; }

 private:
  std::atomic<int> running_{0};
  std::atomic<bool> is_used_{false};
};

/// `inner`, whose requests count as use of switch. Streams if `inner` does.
std::shared_ptr<vx11::Transport> make_used_transport(std::shared_ptr<vx11::Transport> inner,
                                                     std::shared_ptr<SwitchUse> use);

/// `inner`, for madre's power endpoints alone: a command counts as in progress until madre has
/// answered it, also when its caller has left, or its order was cancelled.
///
/// The operator API holds the slot for a caller's whole command, from before the first look at
/// madre's state until its limit has passed. This holds it for each single request, and so covers
/// what the API does not see: orders of the governor itself, and the time after the limit, in which
/// madre may still carry a command out. Both together are one command in progress.
std::shared_ptr<vx11::Transport> make_command_transport(
    std::shared_ptr<vx11::Transport> inner, std::shared_ptr<vx11::PowerGovernor> governor);

}  // namespace gateway
