#pragma once

/// \file
/// The implementation of `HealthAggregator`. Internal.

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

/// Lock order: the aggregator's mutex, then the pool's. Neither is held while a probe is called or
/// a caller is resumed.
class HealthAggregator::Impl : public std::enable_shared_from_this<HealthAggregator::Impl> {
 public:
  explicit Impl(HealthOptions options);
  Task<HealthReport> check(Deadline deadline);
  /// Waits for blocking probes and cancels suspending ones, which keep this object alive.
  void close();

 private:
  using ReportPtr = std::shared_ptr<const HealthReport>;
  using RoundPtr = std::shared_ptr<HealthRound>;
  using RoundEnd = WaitForValue<HealthReport, Impl, HealthRound>;
  friend RoundEnd;
  /// The result for a caller: a reusable report, or a round to wait for.
  struct Entry {
    ReportPtr recent = {};
    RoundPtr round = {};
    std::vector<std::size_t> to_ask = {};  ///< The probes of a round started by the caller.
  };

  // Probes have an index: the component's, and one more for the power view.
  std::size_t power_index() const noexcept { return options_.components.size(); }
  bool is_asked(std::size_t index) const noexcept {
    return index == power_index() ? options_.power != nullptr
                                  : probe_of(options_.components[index].check) != nullptr;
  }
  /// Whether the component's finding comes from a probe or from the power view.
  bool is_found_by_asking(std::size_t index) const noexcept {
    return is_asked(index) || (index == by_power_ && is_asked(power_index()));
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
  Duration age_of(const PowerReading& seen) const;
  Task<Result<ProbeAnswer>> judge_by_power(const PowerReading& seen, Deadline deadline);
  Task<void> probe_component(RoundPtr round, std::size_t index);
  ComponentHealth found(const HealthComponent& component, const Result<ProbeAnswer>& seen,
                        TimePoint began) const;
  template <class Note>
  void on_result(const RoundPtr& round, std::size_t index, Note note);

  bool wait(HealthRound& round, ValueWaiter<HealthReport>& waiter);
  void stop_waiting(ValueWaiter<HealthReport>& waiter);
  void tick(TimePoint when);

  // The functions below are called with the mutex held.
  bool is_recent() const noexcept;
  RoundPtr start_round();
  void expect_probe(std::size_t index, TimePoint now);
  void expire(std::size_t index);
  void expire_overdue(TimePoint now);
  Callers end_round();
  void tick_by(TimePoint when);

  const HealthOptions options_;
  const Duration power_limit_;
  const std::size_t by_power_;  ///< The component judged by the power state, or `power_index`.
  std::mutex mutex_;
  RoundPtr round_;  ///< The running round, or null.
  ReportPtr last_;
  TimePoint last_at_ = {};
  std::vector<std::optional<TimePoint>> asked_at_;  ///< Start of each running probe, by index.
  TimePoint next_tick_ = TimePoint::max();
  std::stop_source closed_;
  Workers workers_;  ///< Last, so that its threads end before the other members are destroyed.
};

}  // namespace v0
}  // namespace vx11
