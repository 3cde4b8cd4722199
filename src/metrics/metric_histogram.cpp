#include <vx11/metric_histogram.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>
#include <string>

namespace vx11 {
inline namespace v0 {

namespace {

constexpr std::size_t kTraceIdLength = 32;

template <std::size_t kSize>
constexpr std::array<std::uint64_t, kSize> in_nanoseconds(std::array<std::uint64_t, kSize> bounds) {
  for (std::uint64_t& bound : bounds) bound *= 1'000;
  return bounds;
}

constexpr auto kOwnBounds = in_nanoseconds<13>(
    {25, 50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 100'000, 500'000, 2'500'000});
constexpr auto kRequestBounds =
    in_nanoseconds<29>({100,        250,        500,        1'000,       2'500,      5'000,
                        10'000,     25'000,     50'000,     100'000,     200'000,    350'000,
                        500'000,    750'000,    1'000'000,  1'500'000,   2'000'000,  3'000'000,
                        4'000'000,  6'000'000,  8'000'000,  11'000'000,  15'000'000, 20'000'000,
                        30'000'000, 45'000'000, 60'000'000, 120'000'000, 600'000'000});

bool is_trace_id(std::string_view text) noexcept {
  return text.size() == kTraceIdLength &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

HistogramBounds own_time_bounds() noexcept {
  return kOwnBounds;
}

HistogramBounds request_time_bounds() noexcept {
  return kRequestBounds;
}

/// The newest value with a trace. Written by one thread at a time, others drop theirs meanwhile;
/// a reader that meets a writer sees none.
struct MetricHistogram::Exemplar {
  static constexpr std::size_t kWords = kTraceIdLength / sizeof(std::uint64_t);

  void write(std::uint64_t new_value, std::string_view trace_id, WallTime time) noexcept {
    std::uint32_t seen = version.load(std::memory_order_relaxed);
    if (seen % 2 != 0 || !version.compare_exchange_strong(seen, seen + 1)) return;
    for (std::size_t i = 0; i < kWords; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, trace_id.data() + i * sizeof word, sizeof word);
      trace[i].store(word, std::memory_order_release);
    }
    value.store(new_value, std::memory_order_release);
    at.store(time.time_since_epoch().count(), std::memory_order_release);
    version.store(seen + 2, std::memory_order_release);
  }

  std::optional<MetricExemplar> read(double steps) const {
    const std::uint32_t seen = version.load(std::memory_order_acquire);
    if (seen == 0 || seen % 2 != 0) return std::nullopt;
    MetricExemplar exemplar{.trace_id = std::string(kTraceIdLength, '\0')};
    for (std::size_t i = 0; i < kWords; ++i) {
      const std::uint64_t word = trace[i].load(std::memory_order_acquire);
      std::memcpy(exemplar.trace_id.data() + i * sizeof word, &word, sizeof word);
    }
    exemplar.value = static_cast<double>(value.load(std::memory_order_acquire)) / steps;
    exemplar.at = WallTime(WallTime::duration(at.load(std::memory_order_acquire)));
    if (version.load(std::memory_order_relaxed) != seen) return std::nullopt;
    return is_trace_id(exemplar.trace_id) ? std::optional(std::move(exemplar)) : std::nullopt;
  }

  std::atomic<std::uint32_t> version = 0;  ///< Odd: being written; 0: none so far.
  std::array<std::atomic<std::uint64_t>, kWords> trace = {};
  std::atomic<std::uint64_t> value = 0;
  std::atomic<WallTime::rep> at = 0;
};

MetricHistogram::MetricHistogram(HistogramBounds bounds, std::uint64_t steps, Exemplars exemplars)
    : bounds_(bounds),
      steps_(static_cast<double>(std::max<std::uint64_t>(steps, 1))),
      counts_(new std::atomic<std::uint64_t>[bounds.size() + 2] {}),
      exemplars_(exemplars == Exemplars::newest ? new Exemplar[bounds.size() + 1] : nullptr) {}

MetricHistogram::~MetricHistogram() = default;

std::size_t MetricHistogram::bucket_of(std::uint64_t value) const noexcept {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  return static_cast<std::size_t>(bound - bounds_.begin());
}

void MetricHistogram::count(std::uint64_t value) noexcept {
  counts_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
  counts_[bounds_.size() + 1].fetch_add(value, std::memory_order_relaxed);
}

void MetricHistogram::count(std::uint64_t value, std::string_view trace_id, WallTime at) noexcept {
  count(value);
  if (exemplars_ == nullptr || trace_id.size() != kTraceIdLength) return;
  exemplars_[bucket_of(value)].write(value, trace_id, at);
}

HistogramReading MetricHistogram::read() const {
  HistogramReading reading;
  reading.buckets.reserve(bounds_.size() + 1);
  for (std::size_t i = 0; i <= bounds_.size(); ++i) {
    const bool is_last = i == bounds_.size();
    MetricBucket& bucket = reading.buckets.emplace_back();
    bucket.most = is_last ? std::numeric_limits<double>::infinity()
                          : static_cast<double>(bounds_[i]) / steps_;
    bucket.count = counts_[i].load(std::memory_order_relaxed);
    if (exemplars_ != nullptr) bucket.exemplar = exemplars_[i].read(steps_);
  }
  const std::uint64_t sum = counts_[bounds_.size() + 1].load(std::memory_order_relaxed);
  reading.sum = static_cast<double>(sum) / steps_;
  return reading;
}

}  // namespace v0
}  // namespace vx11
