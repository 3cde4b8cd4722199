#pragma once

/// \file
/// `Bulkhead`: limits concurrent calls, with a bounded queue.

#include <vx11/background_timer.hpp>
#include <vx11/detail/event_set.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/detail/wake_trampoline.hpp>
#include <vx11/events.hpp>
#include <vx11/policy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Options of a bulkhead. `validate` reports values out of range; the constructor clamps them to
/// the nearest valid value.
struct BulkheadOptions {
  /// Concurrent calls. Zero admits none, for an upstream that is disabled.
  std::uint32_t concurrent = 16;
  /// The length of the queue. Zero: a call without a free slot is rejected at once, which suits
  /// callers that can use another upstream. A long queue delays every response.
  std::uint32_t queue = 0;
  /// The longest wait in the queue; the call's own deadline may be earlier.
  Duration wait_timeout = Duration::max();
  /// Limits waits in the queue; unused without a queue. Null: `background_timer()`. A blocking
  /// timer does not work: a slot may become free during the wait.
  std::shared_ptr<Timer> timer = {};
  std::string name = {};  ///< For `Event::name`; nothing else depends on it.
  /// Receives `bulkhead_queued`, `bulkhead_rejected` and `bulkhead_cancelled`. Empty, the default:
  /// nothing is reported.
  SharedEvents events = {};
};

/// \return one `invalid_argument` error that lists every invalid field.
inline Result<> validate(const BulkheadOptions& options) {
  detail::Mistakes mistakes;
  mistakes.require(options.wait_timeout >= Duration::zero(), "wait_timeout", "at least 0");
  return std::move(mistakes).result();
}

/// What a bulkhead holds, and what it has decided so far.
struct BulkheadStats {
  std::uint32_t running = 0;    ///< Slots in use now.
  std::size_t waiting = 0;      ///< Calls in the queue now.
  std::uint64_t admitted = 0;   ///< Calls that were given a slot.
  std::uint64_t rejected = 0;   ///< Calls that found the queue full or waited too long.
  std::uint64_t cancelled = 0;  ///< Calls whose stop token fired before they had a slot.
};

/// A semaphore for calls: `concurrent` run, `queue` wait in FIFO order, the rest are rejected.
///
/// ```cpp
/// vx11::Bulkhead bulkhead({.concurrent = 8, .queue = 32, .wait_timeout = 100ms});
/// if (auto place = bulkhead.acquire(deadline)) call();   // the place is free again at the end
/// ```
///
/// **Thread-safe**. A freed slot goes to the call that has waited longest, before any new call. A
/// call whose wait times out or whose stop token fires leaves the queue at once. An awaited acquire
/// resumes on the thread that released the slot, or on the timer's.
/// **Lifetime**: must outlive its permits and waiting calls; neither copied nor moved.
template <MonotonicClock Clock = SteadyClock>
class BasicBulkhead : public detail::ExecuteNames<BasicBulkhead<Clock>> {
 public:
  class Permit;

  explicit BasicBulkhead(BulkheadOptions options = {}, Clock clock = {})
      : options_(std::move(options)), clock_(clock) {}
  /// Like the constructor, but rejects invalid options, such as those from a configuration file.
  /// \return the policy, or the error of `validate(options)`.
  static Result<BasicBulkhead> create(BulkheadOptions options = {}, Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicBulkhead>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicBulkhead(const BasicBulkhead&) = delete;
  BasicBulkhead& operator=(const BasicBulkhead&) = delete;
  ~BasicBulkhead() = default;

  /// Acquires a slot now, or returns `rejected`.
  [[nodiscard]] tl::expected<Permit, Rejection> try_acquire() noexcept {
    auto permit = try_admit();
    if (!permit) {
      count(&BulkheadStats::rejected);
      report_rejected(RejectionReason::bulkhead_full);
    }
    return permit;
  }
  /// Acquires a slot; blocks until it is granted.
  /// \see async_acquire
  Result<Permit> acquire(Deadline deadline = {}) {
    auto now = options_.queue == 0 ? try_acquire() : try_admit();
    if (now) return std::move(*now);
    if (options_.queue == 0) return fail(now.error());
    return sync_wait(async_acquire(std::move(deadline)));
  }
  /// Acquires a slot, waiting in the queue if necessary.
  /// \return `rejected` if the queue is full or the wait timed out, `cancelled` if the stop token
  ///         of `deadline` fired. Both are neutral for the upstream.
  Task<Result<Permit>> async_acquire(Deadline deadline = {});

  std::uint32_t running() const noexcept {
    const std::lock_guard lock(mutex_);
    return running_;
  }
  std::size_t waiting() const noexcept {
    const std::lock_guard lock(mutex_);
    return queue_.size();
  }

  BulkheadStats stats() const noexcept {
    const std::lock_guard lock(mutex_);
    BulkheadStats stats = decided_;
    stats.running = running_;
    stats.waiting = queue_.size();
    return stats;
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
    auto place = options_.queue == 0 ? try_acquire() : try_admit();
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

  tl::expected<Permit, Rejection> try_admit() noexcept {
    const std::lock_guard lock(mutex_);
    if (running_ >= options_.concurrent) {
      return tl::unexpected(Rejection{RejectionReason::bulkhead_full});
    }
    ++running_;
    ++decided_.admitted;
    return Permit(*this);
  }

  void report(EventKind kind, std::string_view detail, std::uint64_t waiting = 0) const noexcept {
    options_.events(Event{.kind = kind,
                          .name = options_.name,
                          .detail = detail,
                          .count = waiting,
                          .limit = options_.concurrent});
  }
  void report_rejected(RejectionReason reason) const noexcept {
    report(EventKind::bulkhead_rejected, to_string(reason));
  }

  void count(std::uint64_t BulkheadStats::*figure) noexcept {
    const std::lock_guard lock(mutex_);
    ++(decided_.*figure);
  }

  /// \param waiting is set to the length of the queue, if the call is queued
  Entry enter(detail::Waiter& waiter, std::size_t& waiting) {
    const std::lock_guard lock(mutex_);
    if (running_ < options_.concurrent) {
      ++running_;
      ++decided_.admitted;
      return Entry::admitted;
    }
    if (queue_.size() >= options_.queue) {
      ++decided_.rejected;
      return Entry::refused;
    }
    queue_.push_back(&waiter);
    waiting = queue_.size();
    return Entry::queued;
  }

  /// \return false if the slot was granted in the meantime
  bool leave(detail::Waiter& waiter) noexcept {
    const std::lock_guard lock(mutex_);
    const auto place = std::find(queue_.begin(), queue_.end(), &waiter);
    if (place == queue_.end()) return false;
    queue_.erase(place);
    return true;
  }

  /// Passes the slot to the first waiter, or frees it.
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
      ++decided_.admitted;
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
  BulkheadStats decided_;
};

/// A slot in the bulkhead, released on destruction. Move-only. May be released on another thread
/// than it was acquired on; that thread may then resume the next waiting call.
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

  /// Releases the slot now.
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
  if (deadline.cancelled()) {
    count(&BulkheadStats::cancelled);
    report(EventKind::bulkhead_cancelled, {});
    co_return fail(Errc::cancelled, "cancelled");
  }
  // Allocate everything before there is a slot or a queue position to lose.
  const std::shared_ptr<Timer> timer = options_.timer ? options_.timer : background_timer();
  detail::LinkedStop stop(deadline.stop_token());
  Task<bool> sleep = timer->sleep(patience(deadline), stop.token());
  detail::Waiter waiter;
  detail::EventSet::EventSlot slot(waiter.events, kSlept);

  std::size_t waiting = 0;
  const Entry entry = enter(waiter, waiting);
  if (entry == Entry::refused) {
    report_rejected(RejectionReason::bulkhead_full);
    co_return detail::reject(RejectionReason::bulkhead_full);
  }
  if (entry == Entry::admitted) co_return Permit(*this);
  report(EventKind::bulkhead_queued, {}, waiting);
  waiter.events.start(sleep, slot);
  auto something = waiter.events.beyond(0);
  detail::EventSet::Set happened = co_await something;

  if ((happened & kGranted) == 0 && leave(waiter)) {
    const bool is_cancelled = deadline.cancelled();
    count(is_cancelled ? &BulkheadStats::cancelled : &BulkheadStats::rejected);
    if (is_cancelled) {
      report(EventKind::bulkhead_cancelled, {});
      co_return fail(Errc::cancelled, "cancelled");
    }
    report_rejected(RejectionReason::no_place_free);
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
