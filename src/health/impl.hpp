#pragma once

/// \file
/// How a `HealthAggregator` goes about it. Internal.

#include <vx11/health_aggregator.hpp>

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
class HealthAggregator::Impl : public std::enable_shared_from_this<HealthAggregator::Impl> {
 public:
  explicit Impl(HealthOptions options);
  Task<HealthReport> check(Deadline deadline);
  /// Waits for the probes that block and cancels those that suspend, which keep this object.
  void close();

 private:
  using ReportPtr = std::shared_ptr<const HealthReport>;
  using RoundPtr = std::shared_ptr<HealthRound>;
  using RoundEnd = WaitForValue<HealthReport, Impl, HealthRound>;
  friend RoundEnd;
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
  bool blocks(std::size_t index) const noexcept {
    return index == power_index() ? options_.power->blocks()
                                  : probe_of(options_.components[index].check)->blocks();
  }
  Duration limit_of(std::size_t index) const noexcept {
    return index == power_index() ? power_limit_ : options_.components[index].timeout;
  }

  Entry enter();
  HealthReport refreshed(HealthReport report) const;
  void dispatch(const Entry& entry);
  Task<void> probe(RoundPtr round, std::size_t index);
  Task<void> probe_power(RoundPtr round);
  Task<void> probe_component(RoundPtr round, std::size_t index);
  template <class Note>
  void on_result(const RoundPtr& round, std::size_t index, Note note);

  bool wait(HealthRound& round, ValueWaiter<HealthReport>& waiter);
  void stop_waiting(ValueWaiter<HealthReport>& waiter);
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
  std::stop_source closed_;
  Workers workers_;  ///< Last, so that its threads have ended before anything else goes.
};

}  // namespace v0
}  // namespace vx11
