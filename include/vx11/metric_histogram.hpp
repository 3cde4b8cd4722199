#pragma once

/// \file
/// `MetricHistogram`: counts values in buckets, for a `MetricFamily`.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/metric_family.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Upper bounds of buckets, growing, in steps of a histogram. A constant of the program: it is
/// referred to.
using HistogramBounds = std::span<const std::uint64_t>;

/// Nanoseconds: of the work of a gateway itself, from some microseconds to what would be a fault.
VX11_API HistogramBounds own_time_bounds() noexcept;
/// Nanoseconds: from a request that calls no upstream to the longest stream. Between 50 ms and two
/// minutes they are close enough to read the 95th and the 99th percentile of chats within a tenth.
VX11_API HistogramBounds request_time_bounds() noexcept;

/// The steps of times: nanoseconds of a second.
inline constexpr std::uint64_t kTimeSteps = 1'000'000'000;

/// Whether buckets remember a trace.
enum class Exemplars : unsigned char { none, newest };

/// Counts values in buckets with fixed bounds, and one without.
///
/// Counting is a search among the bounds and two additions: no lock and no allocation. A reading
/// may miss values that are counted at the same time. **Thread-safe.**
/// ```cpp
/// static constexpr std::uint64_t kBounds[] = {100, 1'000, 10'000, 100'000};
/// auto sizes = std::make_shared<vx11::MetricHistogram>(kBounds);
/// vx11::MetricFamily family{.name = "answer_bytes", .help = "Sizes of answers."};
/// family.kind = vx11::MetricKind::histogram;
/// family.series.push_back({.histogram = [sizes] { return sizes->read(); }});
/// sizes->count(512);
/// ```
class VX11_API MetricHistogram {
 public:
  /// \param bounds in steps
  /// \param steps how many of them make a unit of what is shown: `kTimeSteps` for times, which are
  ///              shown as seconds
  explicit MetricHistogram(HistogramBounds bounds, std::uint64_t steps = 1,
                           Exemplars exemplars = Exemplars::none);
  MetricHistogram(const MetricHistogram&) = delete;
  MetricHistogram& operator=(const MetricHistogram&) = delete;
  ~MetricHistogram();

  /// \param value in steps
  void count(std::uint64_t value) noexcept;
  /// The same, and remembers the trace as the exemplar of its bucket, if this has exemplars.
  /// \param trace_id 32 hexadecimal digits; any other text is no trace
  void count(std::uint64_t value, std::string_view trace_id, WallTime at) noexcept;
  /// A time, in a histogram of `kTimeSteps`. A negative one counts as zero.
  void count_time(Duration time) noexcept { count(steps_of(time)); }
  void count_time(Duration time, std::string_view trace_id, WallTime at) noexcept {
    count(steps_of(time), trace_id, at);
  }

  HistogramReading read() const;

 private:
  struct Exemplar;

  static std::uint64_t steps_of(Duration time) noexcept {
    return time.count() <= 0 ? 0 : static_cast<std::uint64_t>(time.count());
  }
  std::size_t bucket_of(std::uint64_t value) const noexcept;

  const HistogramBounds bounds_;
  const double steps_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;  ///< Of buckets; the last: the sum.
  const std::unique_ptr<Exemplar[]> exemplars_;                 ///< Of buckets; may be null.
};

}  // namespace v0
}  // namespace vx11
