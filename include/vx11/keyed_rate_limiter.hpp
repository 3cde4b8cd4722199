#pragma once

/// \file
/// `KeyedRateLimiter`: the same rate for each of many clients, in bounded memory.

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

/// The description of a keyed limiter. `validate` names what is out of range; the constructor uses
/// the nearest value that works.
struct KeyedRateLimiterOptions {
  RateLimiterOptions rate = {};  ///< What each key may do.
  /// How many keys are remembered; at least 1. With about 100 bytes each, the default is 1 MiB. If
  /// more are busy at once, the one unused for longest is forgotten and starts afresh: a flood of
  /// invented keys costs no memory, but weakens the limit of the others. Put a plain `RateLimiter`
  /// around it where that matters.
  std::size_t max_keys = 10'000;
};

/// \return every mistake in `options`, by field, in one `invalid_argument` error.
inline Result<> validate(const KeyedRateLimiterOptions& options) {
  detail::Mistakes mistakes;
  mistakes.within("rate.");
  detail::check(mistakes, options.rate);
  mistakes.within({});
  mistakes.require(options.max_keys >= 1, "max_keys", "at least 1");
  return std::move(mistakes).result();
}

/// One rate per key: per client, per token, per address.
///
/// A key whose time has come again says the same as one never seen, so idle keys are dropped as new
/// ones come, and nothing is lost by it. **Thread-safe**: one short lock; constant time for each
/// ask.
/// **Lifetime**: outlives its calls; neither copied nor moved.
template <class Key, MonotonicClock Clock = SteadyClock, class Hash = std::hash<Key>>
class BasicKeyedRateLimiter {
 public:
  explicit BasicKeyedRateLimiter(KeyedRateLimiterOptions options = {}, Clock clock = {})
      : gcra_(options.rate), max_keys_(std::max<std::size_t>(options.max_keys, 1)), clock_(clock) {}
  /// The same from options that may hold mistakes, such as those of a configuration file.
  /// \return the policy, or what `validate` says of `options`.
  static Result<BasicKeyedRateLimiter> create(KeyedRateLimiterOptions options = {},
                                              Clock clock = {}) {
    if (auto valid = validate(options); !valid) return fail(std::move(valid.error()));
    return Result<BasicKeyedRateLimiter>(tl::in_place, std::move(options), std::move(clock));
  }
  BasicKeyedRateLimiter(const BasicKeyedRateLimiter&) = delete;
  BasicKeyedRateLimiter& operator=(const BasicKeyedRateLimiter&) = delete;
  ~BasicKeyedRateLimiter() = default;

  /// As `BasicRateLimiter::try_acquire`, for `key`.
  tl::expected<void, Rejection> try_acquire(const Key& key, std::uint32_t cost = 1) {
    const auto now = TimePoint(clock_.now()).time_since_epoch().count();
    const std::lock_guard lock(mutex_);
    const auto known = places_.find(key);
    const auto arrival = known == places_.end() ? detail::Gcra::kIdle : known->second->arrival;
    const auto decision = gcra_.decide(arrival, now, cost);
    if (decision.too_soon > Duration::zero()) {
      return tl::unexpected(Rejection{RejectionReason::rate_limited, decision.too_soon});
    }
    if (known == places_.end()) {
      make_room(now);
      remember(key, decision.next);
    } else {
      known->second->arrival = decision.next;
      by_use_.splice(by_use_.begin(), by_use_, known->second);
    }
    return {};
  }

  /// How many keys are remembered now.
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return places_.size();
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

  /// Two at a time are enough to shrink: each new key brings one.
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
    try {
      places_.emplace(key, by_use_.begin());
    } catch (...) {
      by_use_.pop_front();
      throw;
    }
  }

  const detail::Gcra gcra_;
  const std::size_t max_keys_;
  [[no_unique_address]] const Clock clock_;
  mutable std::mutex mutex_;
  ByUse by_use_;  ///< The one used last in front.
  std::unordered_map<Key, typename ByUse::iterator, Hash> places_;
};

/// The keyed limiter on the machine's monotonic clock.
template <class Key = std::string>
using KeyedRateLimiter = BasicKeyedRateLimiter<Key, SteadyClock>;

}  // namespace v0
}  // namespace vx11
