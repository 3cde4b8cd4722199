#pragma once

/// \file
/// `Bulkhead`: at most so many calls at once, with a bounded queue before them.

#include <vx11/background_timer.hpp>
#include <vx11/detail/event_set.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/detail/wake_trampoline.hpp>
#include <vx11/policy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// The description of a bulkhead. `validate` names what is out of range; the constructor uses the
/// nearest value that works.
struct BulkheadOptions {
  /// Calls at once. Zero admits none, for an upstream that is not to be called now.
  std::uint32_t concurrent = 16;
  /// How many may wait for a place. Zero: a call that finds no place is rejected at once, which is
  /// right where the one who asks can go elsewhere. A long queue answers everyone late.
  std::uint32_t queue = 0;
  /// The longest a call waits in the queue; its own deadline may be nearer.
  Duration wait_timeout = Duration::max();
  /// Measures waits in the queue; unused where nobody waits. Null: `background_timer()`. A blocking
  /// timer does not do: the place may come free meanwhile.
  std::shared_ptr<Timer> timer = {};
};

/// \return every mistake in `options`, by field, in one `invalid_argument` error.
inline Result<> validate(const BulkheadOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.wait_timeout >= Duration::zero(), "wait_timeout", "at least 0");
  return std::move(mistakes).result();
}

/// A semaphore for calls: `concurrent` run, `queue` wait in order of arrival, the rest are
/// rejected.
///
/// ```cpp
/// vx11::Bulkhead bulkhead({.concurrent = 8, .queue = 32, .wait_timeout = 100ms});
/// if (auto place = bulkhead.acquire(deadline)) call();   // the place is free again at the end
/// ```
///
/// **Thread-safe**. A place that comes free goes to the longest waiting, never past him to a
/// newcomer. One who waits no longer, because his time is up or his stop token fired, leaves the
/// queue at once. An awaited acquire goes on on the thread that gave the place back, or the
/// timer's.
/// **Lifetime**: outlives its permits and those who wait; neither copied nor moved.
template <MonotonicClock Clock = SteadyClock>
class BasicBulkhead : public detail::ExecuteNames<BasicBulkhead<Clock>> {
 public:
  class Permit;

  explicit BasicBulkhead(BulkheadOptions options = {}, Clock clock = {})
      : options_(std::move(options)), clock_(clock) {}
  /// The same from options that may hold mistakes, such as those of a configuration file.
  /// \return the policy, or what `validate` says of `options`.
  static Result<BasicBulkhead> create(BulkheadOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicBulkhead>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicBulkhead(const BasicBulkhead&) = delete;
  BasicBulkhead& operator=(const BasicBulkhead&) = delete;
  ~BasicBulkhead() = default;

  /// A place now, or `rejected`.
  tl::expected<Permit, Rejection> try_acquire() noexcept {
    const std::lock_guard lock(mutex_);
    if (running_ >= options_.concurrent) {
      return tl::unexpected(Rejection{RejectionReason::bulkhead_full});
    }
    return admit();
  }
  /// A place, for which it blocks.
  /// \see async_acquire
  Result<Permit> acquire(Deadline deadline = {}) {
    auto now = try_acquire();
    if (now) return std::move(*now);
    if (options_.queue == 0) return fail(now.error());
    return sync_wait(async_acquire(std::move(deadline)));
  }
  /// A place, now or when it is this call's turn.
  /// \return `rejected` if the queue is full or the wait took too long, `cancelled` if `deadline`'s
  ///         stop token fired. Neither blames the upstream.
  Task<Result<Permit>> async_acquire(Deadline deadline = {});

  std::uint32_t running() const noexcept {
    const std::lock_guard lock(mutex_);
    return running_;
  }
  std::size_t waiting() const noexcept {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

  /// \name As a policy
  /// \{
  template <class Next>
  CallResult<Next> run(Next&& next, Deadline deadline = {}) {
    const Result<Permit> place = acquire(deadline);
    if (!place) return fail(place.error());
    return next(std::move(deadline));
  }
  template <class Next>
  Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {}) {
    auto place = try_acquire();
    if (!place) {
      if (options_.queue == 0) co_return fail(place.error());
      Task<Result<Permit>> acquiring = async_acquire(deadline);
      Result<Permit> acquired = co_await std::move(acquiring);
      if (!acquired) co_return fail(std::move(acquired.error()));
      place = std::move(*acquired);
    }
    auto call = next(std::move(deadline));
    co_return co_await std::move(call);
  }
  /// \}

 private:
  enum class Entry : std::uint8_t { admitted, queued, refused };
  static constexpr detail::EventSet::Set kGranted = detail::Waiter::kWoken;
  static constexpr detail::EventSet::Set kSlept = 2;

  // With the mutex held.
  Permit admit() noexcept {
    ++running_;
    return Permit(*this);
  }

  Entry enter(detail::Waiter& waiter) {
    const std::lock_guard lock(mutex_);
    if (running_ < options_.concurrent) {
      ++running_;
      return Entry::admitted;
    }
    if (queue_.size() >= options_.queue) return Entry::refused;
    queue_.push_back(&waiter);
    return Entry::queued;
  }

  /// \return false if the place has been granted meanwhile
  bool leave(detail::Waiter& waiter) noexcept {
    const std::lock_guard lock(mutex_);
    const auto place = std::find(queue_.begin(), queue_.end(), &waiter);
    if (place == queue_.end()) return false;
    queue_.erase(place);
    return true;
  }

  /// Hands the place on, or frees it.
  void release() noexcept {
    detail::Waiter* first = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.empty()) {
        --running_;
        return;
      }
      first = queue_.front();
      queue_.pop_front();
    }
    detail::WakeTrampoline::wake(*first);
  }

  Duration patience(const Deadline& deadline) const noexcept {
    if (deadline.never()) return options_.wait_timeout;
    return std::min(options_.wait_timeout, deadline.remaining(clock_.now()));
  }

  const BulkheadOptions options_;
  [[no_unique_address]] const Clock clock_;
  mutable std::mutex mutex_;
  std::uint32_t running_ = 0;
  std::deque<detail::Waiter*> queue_;
};

/// A place in the bulkhead, given back on destruction. Move-only. May be given back on another
/// thread than it was acquired on; that thread may then run the one who waited for it.
template <MonotonicClock Clock>
class [[nodiscard]] BasicBulkhead<Clock>::Permit {
 public:
  Permit(Permit&& other) noexcept : bulkhead_(std::exchange(other.bulkhead_, nullptr)) {}
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      release();
      bulkhead_ = std::exchange(other.bulkhead_, nullptr);
    }
    return *this;
  }
  ~Permit() { release(); }

  /// Gives the place back now.
  void release() noexcept {
    if (auto* bulkhead = std::exchange(bulkhead_, nullptr)) bulkhead->release();
  }

 private:
  friend class BasicBulkhead;
  explicit Permit(BasicBulkhead& bulkhead) noexcept : bulkhead_(&bulkhead) {}
  BasicBulkhead* bulkhead_;
};

template <MonotonicClock Clock>
auto BasicBulkhead<Clock>::async_acquire(Deadline deadline) -> Task<Result<Permit>> {
  if (deadline.cancelled()) co_return fail(Errc::cancelled, "cancelled");
  // All that may fail for want of memory comes before there is a place or a turn to lose.
  const std::shared_ptr<Timer> timer = options_.timer ? options_.timer : background_timer();
  detail::LinkedStop stop(deadline.stop_token());
  Task<bool> sleep = timer->sleep(patience(deadline), stop.token());
  detail::Waiter waiter;
  detail::EventSet::EventSlot slot(waiter.events, kSlept);

  const Entry entry = enter(waiter);
  if (entry == Entry::refused) co_return detail::reject(RejectionReason::bulkhead_full);
  if (entry == Entry::admitted) co_return Permit(*this);
  waiter.events.start(sleep, slot);
  auto something = waiter.events.beyond(0);
  detail::EventSet::Set happened = co_await something;

  if ((happened & kGranted) == 0 && leave(waiter)) {
    if (deadline.cancelled()) co_return fail(Errc::cancelled, "cancelled");
    co_return detail::reject(RejectionReason::no_place_free);
  }
  stop.request_stop();
  while (happened != (kGranted | kSlept)) {
    auto more = waiter.events.beyond(happened);
    happened = co_await more;
  }
  Permit place(*this);
  if (deadline.cancelled()) co_return fail(Errc::cancelled, "cancelled");
  co_return place;
}

/// The bulkhead on the machine's monotonic clock.
using Bulkhead = BasicBulkhead<SteadyClock>;

}  // namespace v0
}  // namespace vx11
