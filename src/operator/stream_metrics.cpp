#include "operator/stream_metrics.hpp"

#include <algorithm>
#include <chrono>

#include "http/prometheus_text.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// Milliseconds. Chosen so that the quantiles of a chat are read within a tenth.
constexpr std::array<std::int64_t, 23> kBounds = {
    5,    20,   50,   100,   200,   350,   500,   750,   1000,  1500,   2000,  3000,
    4000, 6000, 8000, 11000, 15000, 20000, 30000, 45000, 60000, 120000, 600000};

std::uint64_t value_of(const std::atomic<std::uint64_t>& counter) noexcept {
  return counter.load(std::memory_order_relaxed);
}

}  // namespace

void TimeHistogram::count(Duration time) noexcept {
  static_assert(kBuckets == kBounds.size() + 1);
  const auto nanoseconds = std::max(time, Duration::zero()).count();
  const auto* const bucket = std::find_if(kBounds.begin(), kBounds.end(), [=](std::int64_t ms) {
    return nanoseconds <= ms * 1'000'000;
  });
  buckets_[static_cast<std::size_t>(bucket - kBounds.begin())].fetch_add(1,
                                                                         std::memory_order_relaxed);
  nanoseconds_.fetch_add(static_cast<std::uint64_t>(nanoseconds), std::memory_order_relaxed);
}

void TimeHistogram::write(std::string& out, std::string_view name, std::string_view help) const {
  prometheus::head(out, name, "histogram", help);
  std::uint64_t count = 0;
  for (std::size_t b = 0; b < kBounds.size(); ++b) {
    count += value_of(buckets_[b]);
    prometheus::line(out, R"({}_bucket{{le="{}"}} {})", name,
                     static_cast<double>(kBounds[b]) / 1000, count);
  }
  count += value_of(buckets_.back());
  prometheus::line(out, R"({}_bucket{{le="+Inf"}} {})", name, count);
  const std::uint64_t sum = value_of(nanoseconds_);
  prometheus::line(out, "{}_sum {}.{:09}", name, sum / 1'000'000'000, sum % 1'000'000'000);
  prometheus::line(out, "{}_count {}", name, count);
}

void StreamMetrics::ended(StreamEnd end, std::optional<Duration> first_piece,
                          Duration total) noexcept {
  ends_[static_cast<std::size_t>(end)].fetch_add(1, std::memory_order_relaxed);
  if (first_piece) first_piece_.count(*first_piece);
  total_.count(total);
}

void StreamMetrics::write(std::string& out) const {
  prometheus::head(out, "vx11_chat_streams_total", "counter", "Streamed chats by how they ended.");
  for (std::size_t i = 0; i < kStreamEnds; ++i) {
    prometheus::line(out, R"(vx11_chat_streams_total{{outcome="{}"}} {})", kStreamEndNames[i],
                     value_of(ends_[i]));
  }
  first_piece_.write(out, "vx11_chat_stream_first_piece_seconds",
                     "Time from the head of a request to the first piece of its stream.");
  total_.write(out, "vx11_chat_stream_duration_seconds",
               "Time from the head of a request to the end of its stream.");
}

}  // namespace v0
}  // namespace vx11
