#pragma once

/// \file
/// One round of probes, and its waiting callers. Internal.

#include <vx11/health_aggregator.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "health/evidence.hpp"
#include "threads/waiter_list.hpp"

namespace vx11 {
inline namespace v0 {

/// The results of the running round. Not thread-safe: guarded by the aggregator's mutex until
/// `ended` is set; immutable from then on.
class HealthRound {
 public:
  /// A pending probe, and when (machine's clock) it expires.
  struct Pending {
    std::size_t index;
    TimePoint expire_at;
  };

  explicit HealthRound(HealthReport start) : report_(std::move(start)) {}

  HealthReport& report() noexcept { return report_; }
  const std::shared_ptr<const HealthReport>& ended() const noexcept { return ended_; }
  const std::vector<Pending>& pending() const noexcept { return pending_; }

  void expect(std::size_t index, TimePoint expire_at) {
    pending_.push_back(Pending{index, expire_at});
  }
  /// \return false for a probe that expired before it returned.
  bool settle(std::size_t index) {
    return std::erase_if(pending_, [=](const Pending& p) { return p.index == index; }) != 0;
  }
  void join(ValueWaiter<HealthReport>& waiter) { waiters_.join(waiter); }

  /// The next time at which a probe or a wait expires.
  TimePoint next_event() const noexcept {
    TimePoint next = waiters_.next_deadline();
    for (const Pending& p : pending_) next = std::min(next, p.expire_at);
    return next;
  }

  /// The current report.
  std::shared_ptr<const HealthReport> so_far(const std::vector<HealthComponent>& components) {
    report_.overall = overall(components, report_.components);
    return std::make_shared<const HealthReport>(report_);
  }

  /// Ends the round.
  /// \return the coroutines to resume
  Callers end(const std::vector<HealthComponent>& components) {
    ended_ = so_far(components);
    return waiters_.finish(ended_);
  }

  /// Gives the current report to the callers whose wait has expired.
  /// \return the coroutines to resume
  Callers release_overdue(TimePoint now, const std::vector<HealthComponent>& components) {
    return waiters_.release_overdue(now, [&] { return so_far(components); });
  }

 private:
  HealthReport report_;
  std::vector<Pending> pending_;
  WaiterList<HealthReport> waiters_;
  std::shared_ptr<const HealthReport> ended_;
};

}  // namespace v0
}  // namespace vx11
