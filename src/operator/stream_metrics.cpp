#include "operator/stream_metrics.hpp"

#include <string_view>

#include "http/prometheus_text.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

std::uint64_t value_of(const std::atomic<std::uint64_t>& counter) noexcept {
  return counter.load(std::memory_order_relaxed);
}

}  // namespace

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
  constexpr std::string_view kFirstPiece = "vx11_chat_stream_first_piece_seconds";
  prometheus::head(out, kFirstPiece, "histogram",
                   "Time from the head of a request to the first piece of its stream.");
  first_piece_.write(out, kFirstPiece);
  constexpr std::string_view kTotal = "vx11_chat_stream_duration_seconds";
  prometheus::head(out, kTotal, "histogram",
                   "Time from the head of a request to the end of its stream.");
  total_.write(out, kTotal);
}

}  // namespace v0
}  // namespace vx11
