#pragma once

/// \file
/// Which of several gateways with the same rules carries orders for madre out.

#include <vx11/power_governor.hpp>
#include <vx11/redis/lease.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace gateway {

/// Over a lease in Redis one gateway acts at a time; without one, or while Redis does not answer,
/// each does, and madre refuses the second window. Not thread-safe; blocks.
class PowerLease {
 public:
  /// \param lease null: there is none
  explicit PowerLease(std::shared_ptr<vx11::RedisLease> lease) : lease_(std::move(lease)) {}

  /// The next order, for this gateway to carry out. One that gets the lease anew first looks at
  /// what the one before has done.
  /// \param longest how long a command takes at most
  /// \param look gives the governor madre's state \return whether it could be read
  std::optional<vx11::PowerOrder> next(vx11::PowerGovernor& governor, vx11::Duration longest,
                                       const std::function<bool()>& look) const;
  /// After a command: another gateway may act once this one has been silent for a while.
  void carried_out() const;

 private:
  std::shared_ptr<vx11::RedisLease> lease_;
};

}  // namespace gateway
