#include "gateway/power/power_lease.hpp"

#include <chrono>

namespace gateway {

namespace {

using vx11::LeaseHolder;

/// Longer than any pause between two orders of one schedule's beginning.
constexpr auto kBetweenCommands = std::chrono::seconds(15);

}  // namespace

std::optional<vx11::PowerOrder> PowerLease::next(vx11::PowerGovernor& governor,
                                                 vx11::Duration longest,
                                                 const std::function<bool()>& look) const {
  auto order = governor.due();
  if (!order || lease_ == nullptr) return order;
  const auto holder = vx11::sync_wait(lease_->hold(longest + kBetweenCommands));
  if (!holder || *holder == LeaseHolder::us) return order;
  governor.withdrawn(*order);
  if (*holder == LeaseHolder::other || !look()) return std::nullopt;
  return governor.due();
}

void PowerLease::carried_out() const {
  if (lease_ != nullptr) static_cast<void>(vx11::sync_wait(lease_->hold(kBetweenCommands)));
}

}  // namespace gateway
