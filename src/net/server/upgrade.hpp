#pragma once

/// \file
/// What takes a connection over from HTTP. Internal.

#include <vx11/export.hpp>
#include <vx11/task.hpp>

#include <memory>

#include "net/socket/channel.hpp"

namespace vx11 {
inline namespace v0 {

/// A protocol that follows an answer 101 on the same connection. Used on the connection's loop.
class VX11_API ConnectionUpgrade {
 public:
  ConnectionUpgrade() = default;
  ConnectionUpgrade(const ConnectionUpgrade&) = delete;
  ConnectionUpgrade& operator=(const ConnectionUpgrade&) = delete;
  virtual ~ConnectionUpgrade() = default;

  /// Speaks it until its end, after which the channel is closed. What has arrived already is
  /// unread. Resumes on the loop.
  virtual Task<void> serve(std::shared_ptr<net_detail::Channel> channel) = 0;
  /// The server is about to stop: ends it as soon as the protocol allows.
  virtual void drain() noexcept = 0;
};

}  // namespace v0
}  // namespace vx11
