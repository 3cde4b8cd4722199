#pragma once

/// \file
/// `SingleFlight`: one running call whose result concurrent callers share. Internal.

#include <vx11/task.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

#include "threads/detached.hpp"
#include "threads/waiter_list.hpp"
#include "threads/workers.hpp"

namespace vx11 {
inline namespace v0 {

/// Shares the result of a call among the callers that arrive while it runs.
///
/// The first caller starts the call, on its own thread; each caller waits for the result up to its
/// own deadline or stop token, and leaves independently. The call does not end with the caller that
/// started it: it is cancelled when the last caller has left. A result is at most as old as its
/// call, and `Reuse::time` besides; `supersede` keeps later callers from a call whose result is
/// outdated.
///
/// A caller is resumed on the thread on which the call ended or, if it leaves early, on a worker.
/// **Thread-safe**; held by a `shared_ptr`, which a running call shares.
template <class T>
class SingleFlight : public std::enable_shared_from_this<SingleFlight<T>> {
 public:
  using Value = std::shared_ptr<const T>;

  /// For which results, and for how long after its end, a call's result is given to later callers.
  struct Reuse {
    Duration time = Duration::zero();
    bool (*applies)(const T& result) noexcept = nullptr;  ///< Null: none is reused.
  };

  explicit SingleFlight(SteadyClock clock, Reuse reuse = {}) : clock_(clock), reuse_(reuse) {}

  /// \param begin creates the call, a `Task<T>`, from a `std::stop_token` that fires when the last
  ///              caller has left
  /// \return the result, or null if `deadline` passed or its stop token fired first; an exception
  ///         of the call is thrown to all its callers
  template <class Begin>
  static Task<Value> join(std::shared_ptr<SingleFlight> self, Begin begin, Deadline deadline) {
    bool first = false;
    Value recent;
    const std::shared_ptr<Flight> flight = self->enter(first, recent);
    if (recent) co_return recent;
    if (first) self->start(flight, begin);
    WaitForValue<T, SingleFlight, Flight> wait(*self, flight, std::move(deadline), self->clock_);
    Value value = co_await wait;
    if (!value && flight->failure) std::rethrow_exception(flight->failure);
    co_return value;
  }

  /// The same with a call of the caller's own, which no other caller joins.
  template <class Begin>
  static Task<Value> run_alone(std::shared_ptr<SingleFlight> self, Begin begin, Deadline deadline) {
    const std::shared_ptr<Flight> flight = self->enter_alone();
    self->start(flight, begin);
    WaitForValue<T, SingleFlight, Flight> wait(*self, flight, std::move(deadline), self->clock_);
    Value value = co_await wait;
    if (!value && flight->failure) std::rethrow_exception(flight->failure);
    co_return value;
  }

  /// Later callers get neither the result of the running call nor an earlier one.
  void supersede() {
    const std::lock_guard lock(mutex_);
    open_ = nullptr;
    recent_ = nullptr;
  }

 private:
  struct Flight {
    WaiterList<T> waiters = {};
    std::size_t callers = 0;  ///< Callers that have entered and not left, waiting or not.
    std::stop_source stop = {};
    bool ended = false;
    Value value = {};
    std::exception_ptr failure = {};
  };
  using FlightPtr = std::shared_ptr<Flight>;
  friend class WaitForValue<T, SingleFlight, Flight>;

  /// \param recent the result that is reused; then there is no flight
  FlightPtr enter(bool& first, Value& recent) {
    const std::lock_guard lock(mutex_);
    first = open_ == nullptr;
    if (first && recent_ && clock_.now() - recent_at_ < reuse_.time) {
      recent = recent_;
      return nullptr;
    }
    recent_ = nullptr;
    if (first) open_ = flights_.emplace_back(std::make_shared<Flight>());
    ++open_->callers;
    return open_;
  }

  FlightPtr enter_alone() {
    const std::lock_guard lock(mutex_);
    const FlightPtr flight = flights_.emplace_back(std::make_shared<Flight>());
    ++flight->callers;
    return flight;
  }

  /// An open flight must have a call that ends it; otherwise its callers would wait forever.
  template <class Begin>
  void start(const FlightPtr& flight, Begin& begin) {
    try {
      run_detached(this->shared_from_this(), run(flight, begin(flight->stop.get_token())));
    } catch (...) {
      end(flight, nullptr, std::current_exception());
    }
  }

  Task<void> run(FlightPtr flight, Task<T> call) {
    try {
      T result = co_await std::move(call);
      end(flight, std::make_shared<const T>(std::move(result)), nullptr);
    } catch (...) {
      end(flight, nullptr, std::current_exception());
    }
  }

  void end(const FlightPtr& flight, Value value, std::exception_ptr failure) {
    Callers callers;
    {
      const std::lock_guard lock(mutex_);
      flight->ended = true;
      flight->value = std::move(value);
      flight->failure = std::move(failure);
      if (open_ == flight) {
        open_ = nullptr;
        keep(flight->value);
      }
      std::erase(flights_, flight);
      callers = flight->waiters.finish(flight->value);
    }
    resume_all(callers);
  }

  /// Keeps the result of a call that was not superseded.
  void keep(const Value& value) {
    const bool is_kept = value && reuse_.applies != nullptr && reuse_.applies(*value);
    recent_ = is_kept ? value : nullptr;
    if (is_kept) recent_at_ = clock_.now();
  }

  /// \return whether the caller is to be suspended. If so, it may be gone once the lock is
  ///         released.
  bool wait(Flight& flight, ValueWaiter<T>& waiter) {
    std::stop_source abandoned(std::nostopstate);
    {
      const std::lock_guard lock(mutex_);
      if (flight.ended) {
        waiter.value = flight.value;
      } else if (is_over(waiter)) {
        if (leave(flight, 1)) abandoned = flight.stop;
      } else {
        tick_by(waiter.until);
        flight.waiters.join(waiter);
        return true;
      }
    }
    abandoned.request_stop();
    return false;
  }

  static bool is_over(const ValueWaiter<T>& waiter) noexcept {
    return waiter.until != TimePoint::max() && waiter.until <= SteadyClock().now();
  }

  /// \return whether the last caller has left and the call must be cancelled
  bool leave(Flight& flight, std::size_t callers) noexcept {
    flight.callers -= callers;
    if (flight.callers != 0) return false;
    if (open_.get() == &flight) open_ = nullptr;
    return true;
  }

  /// Called by a stop token, on its thread; the caller is resumed on a worker.
  void stop_waiting(ValueWaiter<T>& waiter) {
    {
      const std::lock_guard lock(mutex_);
      waiter.until = TimePoint::min();
    }
    workers_.run([this] { tick(TimePoint::min()); });
  }

  void tick_by(TimePoint when) {
    if (when >= next_tick_) return;
    next_tick_ = when;
    workers_.run_at(when, [this, when] { tick(when); });
  }

  /// Releases the callers whose wait has expired. Superfluous ticks are harmless.
  void tick(TimePoint when) {
    Callers callers;
    std::vector<std::stop_source> abandoned;
    {
      const std::lock_guard lock(mutex_);
      if (when == next_tick_) next_tick_ = TimePoint::max();
      const TimePoint now = SteadyClock().now();
      for (const FlightPtr& flight : flights_) {
        const Callers left = flight->waiters.release_overdue(now, [] { return Value(); });
        if (!left.empty() && leave(*flight, left.size())) abandoned.push_back(flight->stop);
        callers.insert(callers.end(), left.begin(), left.end());
        tick_by(flight->waiters.next_deadline());
      }
    }
    for (std::stop_source& stop : abandoned) stop.request_stop();
    resume_all(callers);
  }

  const SteadyClock clock_;
  const Reuse reuse_;
  std::mutex mutex_;
  FlightPtr open_;                  ///< The call that callers join, or null.
  std::vector<FlightPtr> flights_;  ///< All running calls; several if some are superseded.
  Value recent_;                    ///< The result that may be reused, or null.
  TimePoint recent_at_ = {};        ///< When its call ended.
  TimePoint next_tick_ = TimePoint::max();
  Workers workers_{1};  ///< Last, so that its thread ends before the other members are destroyed.
};

}  // namespace v0
}  // namespace vx11
