#pragma once

/// \file
/// One round of looking, and those who wait for it. Internal.

#include <vx11/health_aggregator.hpp>

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <vector>

#include "health/evidence.hpp"

namespace vx11 {
inline namespace v0 {

/// A caller of `async_check`; lives in his coroutine.
struct HealthWaiter {
  TimePoint until = TimePoint::max();  ///< Of the machine's clock, when he goes on regardless.
  std::coroutine_handle<> caller = nullptr;
  std::shared_ptr<const HealthReport> report = {};  ///< Set before he goes on.
};

/// What the round under way knows so far. Not thread-safe: guarded by the aggregator's mutex, until
/// `ended` is set; that is immutable.
class HealthRound {
 public:
  using Callers = std::vector<std::coroutine_handle<>>;

  /// A look that has yet to come back, and when (machine's clock) it is given up.
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
  /// \return false for a look that was given up before it came back.
  bool settle(std::size_t index) {
    return std::erase_if(pending_, [=](const Pending& p) { return p.index == index; }) != 0;
  }
  void join(HealthWaiter& waiter) { waiters_.push_back(&waiter); }

  /// The next moment at which a look or a waiter has to be let go.
  TimePoint next_event() const noexcept {
    TimePoint next = TimePoint::max();
    for (const Pending& p : pending_) next = std::min(next, p.expire_at);
    for (const HealthWaiter* w : waiters_) next = std::min(next, w->until);
    return next;
  }

  /// The report as it stands.
  std::shared_ptr<const HealthReport> so_far(const std::vector<HealthComponent>& components) {
    report_.overall = overall(components, report_.components);
    return std::make_shared<const HealthReport>(report_);
  }

  /// Ends the round. \return who now goes on.
  Callers end(const std::vector<HealthComponent>& components) {
    ended_ = so_far(components);
    Callers callers;
    for (HealthWaiter* waiter : waiters_) resume(*waiter, ended_, callers);
    waiters_.clear();
    return callers;
  }

  /// Lets those go who can wait no longer. \return who they are
  Callers resume_overdue(TimePoint now, const std::vector<HealthComponent>& components) {
    const auto overdue = std::stable_partition(waiters_.begin(), waiters_.end(),
                                               [=](HealthWaiter* w) { return w->until > now; });
    if (overdue == waiters_.end()) return {};
    const auto report = so_far(components);
    Callers callers;
    for (auto w = overdue; w != waiters_.end(); ++w) resume(**w, report, callers);
    waiters_.erase(overdue, waiters_.end());
    return callers;
  }

 private:
  static void resume(HealthWaiter& waiter, const std::shared_ptr<const HealthReport>& report,
                     Callers& callers) {
    waiter.report = report;
    callers.push_back(waiter.caller);
  }

  HealthReport report_;
  std::vector<Pending> pending_;
  std::vector<HealthWaiter*> waiters_;
  std::shared_ptr<const HealthReport> ended_;
};

}  // namespace v0
}  // namespace vx11
