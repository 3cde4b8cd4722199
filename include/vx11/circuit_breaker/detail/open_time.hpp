#pragma once

/// \file
/// The open time of a breaker. Not thread-safe: the breaker locks. Internal.

#include <vx11/circuit_breaker/detail/min_max.hpp>
#include <vx11/circuit_breaker/options.hpp>
#include <vx11/clock.hpp>
#include <vx11/detail/durations.hpp>
#include <vx11/detail/split_mix.hpp>

#include <cstdint>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The open time: grows with every consecutive reopening, up to a limit, with jitter. Computed in
/// floating point and compared before it is converted, so that nothing overflows.
class OpenTime {
 public:
  OpenTime(const CircuitBreakerOptions& options, std::uint64_t seed)
      : first_(options.open_for),
        limit_(options.growth.factor == 1.0 ? options.open_for
                                            : greater(options.growth.at_most, options.open_for)),
        factor_(options.growth.factor),
        jitter_(options.growth.jitter),
        current_(first_),
        random_(seed) {
    if (jitters()) draw_ = random_.next();
  }

  /// The open time of the next opening.
  Duration next() const noexcept {
    if (!jitters()) return current_;
    const double by = jitter_.from + (jitter_.to - jitter_.from) * draw_;
    return times(current_, by, Duration::max());
  }
  /// The same without jitter.
  Duration planned() const noexcept { return grows() ? current_ : first_; }
  /// Continues with the planned open time of another breaker, limited to what these options allow.
  void plan(Duration time) noexcept { current_ = smaller(greater(time, first_), limit_); }
  /// The longest time that an opening can take.
  Duration longest() const noexcept {
    return times(limit_, greater(jitter_.to, 1.0), Duration::max());
  }
  bool grows() const noexcept { return factor_ != 1.0; }
  /// Records an opening: the next takes longer and needs a new random number.
  void opened() noexcept {
    current_ = times(current_, factor_, limit_);
    if (jitters()) draw_ = random_.next();
  }
  void closed() noexcept { current_ = first_; }

  bool jitters() const noexcept { return jitter_.from != 1.0 || jitter_.to != 1.0; }
  /// Sets the random number for the next opening; clamped to [0, 1], NaN becomes 0.
  void set_draw(double draw) noexcept { draw_ = draw > 0.0 ? smaller(draw, 1.0) : 0.0; }

 private:
  static Duration times(Duration time, double by, Duration limit) noexcept {
    if (by == 1.0) return smaller(time, limit);
    const double product = static_cast<double>(time.count()) * by;
    if (!(product < static_cast<double>(limit.count()))) return limit;
    return Duration(static_cast<Duration::rep>(product));
  }

  Duration first_;
  Duration limit_;
  double factor_;
  OpenJitter jitter_;
  Duration current_;
  SplitMix64 random_;
  double draw_ = 0.0;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
