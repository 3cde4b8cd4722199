#pragma once

/// \file
/// How a `HealthAggregator` goes about it. Internal.

#include <vx11/health_aggregator.hpp>

#include <coroutine>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "health/round.hpp"
#include "threads/workers.hpp"

namespace vx11 {
inline namespace v0 {

/// Lock order: the aggregator's mutex, then the pool's. Neither is held while a probe is asked or a
/// caller goes on.
class HealthAggregator::Impl {
 public:
  explicit Impl(HealthOptions options);
  Task<HealthReport> check(Deadline deadline);

 private:
  using ReportPtr = std::shared_ptr<const HealthReport>;
  using RoundPtr = std::shared_ptr<HealthRound>;
  using Callers = HealthRound::Callers;
  class RoundEnd;
  /// What a caller is given: a report that is young enough, or a round to wait for.
  struct Entry {
    ReportPtr recent = {};
    RoundPtr round = {};
    std::vector<std::size_t> to_ask = {};  ///< The looks of a round that he has started.
  };

  // Looks have an index: the component's, and one more for the power view.
  std::size_t power_index() const noexcept { return options_.components.size(); }
  bool is_asked(std::size_t index) const noexcept {
    return index == power_index() ? options_.power != nullptr
                                  : probe_of(options_.components[index].check) != nullptr;
  }
  Duration limit_of(std::size_t index) const noexcept {
    return index == power_index() ? power_limit_ : options_.components[index].timeout;
  }

  Entry enter();
  HealthReport refreshed(HealthReport report) const;
  void dispatch(const Entry& entry);
  void probe_power(const RoundPtr& round);
  void probe_component(const RoundPtr& round, std::size_t index);
  template <class Note>
  void on_result(const RoundPtr& round, std::size_t index, Note note);

  bool wait(HealthRound& round, HealthWaiter& waiter);
  void stop_waiting(HealthWaiter& waiter);
  void tick(TimePoint when);

  // What follows is called with the mutex held.
  bool is_recent() const noexcept;
  RoundPtr start_round();
  void expect_probe(std::size_t index, TimePoint now);
  void expire(std::size_t index);
  void expire_overdue(TimePoint now);
  Callers end_round();
  void tick_by(TimePoint when);

  const HealthOptions options_;
  const Duration power_limit_;
  std::mutex mutex_;
  RoundPtr round_;  ///< The one under way, or null.
  ReportPtr last_;
  TimePoint last_at_ = {};
  std::vector<std::optional<TimePoint>> asked_at_;  ///< Since when a look is under way, by index.
  TimePoint next_tick_ = TimePoint::max();
  Workers workers_;  ///< Last, so that its threads have ended before anything else goes.
};

/// Suspends a caller until the round has ended, his deadline has passed, or his stop token fires.
class HealthAggregator::Impl::RoundEnd {
 public:
  RoundEnd(Impl& impl, RoundPtr round, Deadline deadline)
      : impl_(impl), round_(std::move(round)), deadline_(std::move(deadline)) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> caller) {
    const Duration left = deadline_.remaining(impl_.options_.clock.now());
    waiter_.until = Deadline::after(SteadyClock().now(), left).at();
    waiter_.caller = caller;
    on_stop_.emplace(deadline_.stop_token(), OnStop{impl_, waiter_});
    return impl_.wait(*round_, waiter_);
  }
  ReportPtr await_resume() noexcept { return std::move(waiter_.report); }

 private:
  struct OnStop {
    Impl& impl;
    HealthWaiter& waiter;
    void operator()() const { impl.stop_waiting(waiter); }
  };

  Impl& impl_;
  RoundPtr round_;
  Deadline deadline_;
  HealthWaiter waiter_;
  std::optional<std::stop_callback<OnStop>> on_stop_;
};

}  // namespace v0
}  // namespace vx11
