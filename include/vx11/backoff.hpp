#pragma once

/// \file
/// `Backoff`: the wait before each further attempt.

#include <vx11/clock.hpp>
#include <vx11/detail/durations.hpp>
#include <vx11/detail/mistakes.hpp>
#include <vx11/detail/split_mix.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

namespace vx11 {
inline namespace v0 {

/// How waits are randomised, so that callers that failed together do not retry together. The names
/// are M. Brooker's, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
enum class Jitter : std::uint8_t {
  none,          ///< Exactly base × factorⁿ. For tests, or with a single caller.
  full,          ///< From zero to that. The least load on the upstream; the default.
  decorrelated,  ///< From base to three times the previous wait: never near zero.
};

/// Options of a backoff. `validate` reports values out of range; a loop clamps them to the nearest
/// valid value.
struct BackoffOptions {
  /// The first wait, before jitter. Zero: never wait. A tenth of a second outlasts a dropped
  /// packet.
  Duration base = std::chrono::milliseconds(100);
  /// The longest wait.
  Duration cap = std::chrono::seconds(10);
  /// The growth of the wait per attempt; at least 1. Unused by `Jitter::decorrelated`.
  double factor = 2;
  Jitter jitter = Jitter::full;
  /// Returns numbers uniform in [0, 1); must be thread-safe. Null: a generator per thread.
  std::function<double()> random = {};
};

namespace detail {
inline void check(Mistakes& mistakes, const BackoffOptions& options) {
  mistakes.require(options.base >= Duration::zero(), "base", "at least 0");
  mistakes.require(options.cap >= options.base, "cap", "at least base");
  mistakes.require(options.factor >= 1.0, "factor", "at least 1");
}
}  // namespace detail

/// \return one `invalid_argument` error that lists every invalid field.
inline Result<> validate(const BackoffOptions& options) {
  detail::Mistakes mistakes;
  detail::check(mistakes, options);
  return std::move(mistakes).result();
}

namespace detail {

/// The product; `limit` if it is larger than that, not a number, or too large for a duration.
inline Duration capped_product(Duration time, double by, Duration limit) noexcept {
  const double product = static_cast<double>(time.count()) * by;
  if (!(product < static_cast<double>(limit.count()))) return limit;
  return Duration(static_cast<Duration::rep>(std::max(product, 0.0)));
}

}  // namespace detail

/// The waits of one retry loop, in order. Never longer than the cap and never negative, whatever
/// the options: the thousandth attempt with a factor of 1e300 gives the cap.
///
/// Not thread-safe: each loop has its own. Refers to its options, which must outlive it.
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options) noexcept : options_(options) {}

  /// The next wait.
  Duration next() {
    const Duration base = std::clamp(options_.base, Duration::zero(), cap());
    if (base == Duration::zero()) return base;
    if (options_.jitter == Jitter::decorrelated) return decorrelated(base);
    const Duration whole = detail::capped_product(base, growth_, cap());
    growth_ *= std::max(options_.factor, 1.0);
    return options_.jitter == Jitter::none ? whole : between(Duration::zero(), whole);
  }

 private:
  Duration cap() const noexcept { return std::max(options_.cap, Duration::zero()); }

  Duration decorrelated(Duration base) {
    const Duration most = detail::capped_product(std::max(previous_, base), 3, cap());
    previous_ = between(base, most);
    return previous_;
  }

  Duration between(Duration least, Duration most) {
    const double share = options_.random ? options_.random() : detail::spread();
    return least + detail::capped_product(most - least, std::clamp(share, 0.0, 1.0), most - least);
  }

  const BackoffOptions& options_;
  double growth_ = 1;
  Duration previous_ = {};
};

}  // namespace v0
}  // namespace vx11
