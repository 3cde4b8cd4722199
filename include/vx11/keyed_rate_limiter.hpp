#pragma once

/// \file
/// `KeyedRateLimiter`: one rate limit per key, such as a client, in bounded memory.

#include <vx11/detail/exceptions.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/rate_limiter.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// Options of a keyed limiter. `validate` reports values out of range; the constructor clamps them
/// to the nearest valid value.
struct KeyedRateLimiterOptions {
  /// The rate of each key; its `name` and `events` are those of the limiter. Events do not name the
  /// key, which may be a client's.
  RateLimiterOptions rate = {};
  /// How many keys are stored; at least 1. At about 100 bytes each, the default takes 1 MiB. If
  /// more are active at once, the least recently used key is evicted and starts with a full burst:
  /// a flood of invented keys costs no memory, but weakens the limit of the others. If that
  /// matters, add a plain `RateLimiter` around it.
  std::size_t max_keys = 10'000;
};

/// \return one `invalid_argument` error that lists every invalid field.
inline Result<> validate(const KeyedRateLimiterOptions& options) {
  detail::Mistakes mistakes;
  mistakes.within("rate.");
  detail::check(mistakes, options.rate);
  mistakes.within({});
  mistakes.require(options.max_keys >= 1, "max_keys", "at least 1");
  return std::move(mistakes).result();
}

/// What a keyed limiter has decided so far, over all keys.
struct KeyedRateLimiterStats {
  std::uint64_t admitted = 0;
  std::uint64_t rejected = 0;
  std::size_t keys = 0;  ///< Stored now.
};

/// One rate per key: per client, per token, per address.
///
/// A key with a full burst is equivalent to an unknown one, so idle keys are evicted as new ones
/// arrive, without changing any decision. **Thread-safe**: one short lock; constant time per call.
/// **Lifetime**: must outlive its calls; neither copied nor moved.
template <class Key, MonotonicClock Clock = SteadyClock, class Hash = std::hash<Key>>
class BasicKeyedRateLimiter {
 public:
  explicit BasicKeyedRateLimiter(KeyedRateLimiterOptions options = {}, Clock clock = {})
      : gcra_(options.rate),
        max_keys_(std::max<std::size_t>(options.max_keys, 1)),
        clock_(clock),
        name_(std::move(options.rate.name)),
        events_(std::move(options.rate.events)) {}
  /// Like the constructor, but rejects invalid options, such as those from a configuration file.
  /// \return the policy, or the error of `validate(options)`.
  static Result<BasicKeyedRateLimiter> create(KeyedRateLimiterOptions options = {},
                                              Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicKeyedRateLimiter>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicKeyedRateLimiter(const BasicKeyedRateLimiter&) = delete;
  BasicKeyedRateLimiter& operator=(const BasicKeyedRateLimiter&) = delete;
  ~BasicKeyedRateLimiter() = default;

  /// Like `BasicRateLimiter::try_acquire`, for `key`.
  [[nodiscard]] tl::expected<void, Rejection> try_acquire(const Key& key, std::uint32_t cost = 1) {
    const Duration too_soon = decide(key, cost);
    if (too_soon == Duration::zero()) return {};
    events_(Event{.kind = EventKind::rate_limiter_rejected, .name = name_, .duration = too_soon});
    return tl::unexpected(Rejection{RejectionReason::rate_limited, too_soon});
  }

  /// The number of stored keys.
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return places_.size();
  }

  KeyedRateLimiterStats stats() const {
    const std::lock_guard lock(mutex_);
    return {admitted_, rejected_, places_.size()};
  }

  /// This limiter for one key, as a policy: `pipeline(limiter.at(client), …)`.
  class At : public detail::ExecuteNames<At> {
   public:
    At(BasicKeyedRateLimiter& limiter, Key key) : limiter_(&limiter), key_(std::move(key)) {}
    template <class Next>
    CallResult<Next> run(Next&& next, Deadline deadline = {}) const {
      auto admitted = limiter_->try_acquire(key_);
      if (!admitted) return fail(admitted.error());
      return next(std::move(deadline));
    }
    template <class Next>
    Task<AwaitedResult<Next>> async_run(Next next, Deadline deadline = {}) const {
      auto admitted = limiter_->try_acquire(key_);
      if (!admitted) co_return fail(admitted.error());
      auto call = next(std::move(deadline));
      co_return co_await std::move(call);
    }

   private:
    BasicKeyedRateLimiter* limiter_;
    Key key_;
  };
  At at(Key key) { return At(*this, std::move(key)); }

 private:
  using Instant = detail::Gcra::Instant;
  struct Entry {
    Key key;
    Instant arrival;
  };
  using ByUse = std::list<Entry>;

  /// How much too soon the call came; zero: it is admitted.
  Duration decide(const Key& key, std::uint32_t cost) {
    const auto now = TimePoint(clock_.now()).time_since_epoch().count();
    const std::lock_guard lock(mutex_);
    const auto known = places_.find(key);
    const auto arrival = known == places_.end() ? detail::Gcra::kIdle : known->second->arrival;
    const auto decision = gcra_.decide(arrival, now, cost);
    if (decision.too_soon > Duration::zero()) {
      ++rejected_;
      return decision.too_soon;
    }
    if (known == places_.end()) {
      make_room(now);
      remember(key, decision.next);
    } else {
      known->second->arrival = decision.next;
      by_use_.splice(by_use_.begin(), by_use_, known->second);
    }
    ++admitted_;
    return Duration::zero();
  }

  /// Evicts up to two keys: enough to shrink, since each new key adds one.
  void make_room(Instant now) {
    for (int i = 0; i < 2 && !by_use_.empty() && by_use_.back().arrival <= now; ++i) forget_last();
    if (places_.size() >= max_keys_) forget_last();
  }
  void forget_last() {
    places_.erase(by_use_.back().key);
    by_use_.pop_back();
  }
  void remember(const Key& key, Instant arrival) {
    by_use_.push_front(Entry{key, arrival});
    VX11_TRY {
      places_.emplace(key, by_use_.begin());
    }
    VX11_CATCH_ALL {
      by_use_.pop_front();
      VX11_RETHROW;
    }
  }

  const detail::Gcra gcra_;
  const std::size_t max_keys_;
  [[no_unique_address]] const Clock clock_;
  mutable std::mutex mutex_;
  std::uint64_t admitted_ = 0;
  std::uint64_t rejected_ = 0;
  ByUse by_use_;  ///< Most recently used first.
  std::unordered_map<Key, typename ByUse::iterator, Hash> places_;
  const std::string name_;
  const SharedEvents events_;
};

/// The keyed limiter on the machine's monotonic clock.
template <class Key = std::string>
using KeyedRateLimiter = BasicKeyedRateLimiter<Key, SteadyClock>;

}  // namespace v0
}  // namespace vx11
