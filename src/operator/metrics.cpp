#include "operator/metrics.hpp"

#include <vx11/version.hpp>

#include <algorithm>
#include <utility>

namespace vx11 {
inline namespace v0 {

using endpoints::Endpoint;
using endpoints::kEndpoints;

namespace {

void add(std::atomic<std::uint64_t>& counter) noexcept {
  counter.fetch_add(1, std::memory_order_relaxed);
}

/// \param owner of the counter
MetricSeries series_of(decltype(MetricSeries::labels) labels, std::shared_ptr<const void> owner,
                       const std::atomic<std::uint64_t>& counter) {
  return {.labels = std::move(labels), .value = [owner = std::move(owner), &counter] {
            return counter.load(std::memory_order_relaxed);
          }};
}

MetricSeries series_of(decltype(MetricSeries::labels) labels, std::shared_ptr<const void> owner,
                       const MetricHistogram& times) {
  return {.labels = std::move(labels),
          .histogram = [owner = std::move(owner), &times] { return times.read(); }};
}

std::string name_of(std::size_t endpoint) {
  return std::string(to_string(static_cast<Endpoint>(endpoint)));
}

}  // namespace

Metrics::Metrics(RequestCounts counted, const Metrics* earlier)
    : counted_(counted),
      shared_(earlier != nullptr ? earlier->shared_ : std::make_shared<Shared>()) {
  if (counted_ != RequestCounts::with_times || shared_->durations[0] != nullptr) return;
  for (auto& times : shared_->durations) {
    times = std::make_unique<MetricHistogram>(request_time_bounds(), kTimeSteps);
  }
}

void Metrics::answered(Endpoint endpoint, int status, Duration took) noexcept {
  if (counted_ == RequestCounts::none) return;
  const auto at = static_cast<std::size_t>(endpoint);
  add(shared_->endpoints[at].classes[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)]);
  if (counted_ == RequestCounts::with_times) shared_->durations[at]->count_time(took);
}

void Metrics::streamed(StreamEnd end, std::optional<Duration> first_piece,
                       Duration total) noexcept {
  if (counted_ == RequestCounts::none) return;
  answered(Endpoint::chat, counted_status(end), total);
  add(shared_->stream_ends[static_cast<std::size_t>(end)]);
  if (first_piece) shared_->first_piece.count_time(*first_piece);
  shared_->stream_total.count_time(total);
}

void Metrics::add_requests(std::vector<MetricFamily>& families) const {
  families.push_back(requests());
  if (counted_ == RequestCounts::with_times) families.push_back(durations());
  families.push_back(stream_ends());
  families.push_back(stream_times(
      "vx11_chat_stream_first_piece_seconds",
      "Time from the head of a request to the first piece of its stream, of operator chats; "
      "vx11_chat_first_piece_seconds, which is preferred, has those of every API.",
      &Shared::first_piece));
  families.push_back(
      stream_times("vx11_chat_stream_duration_seconds",
                   "Time from the head of a request to the end of its stream, of operator chats.",
                   &Shared::stream_total));
}

std::vector<MetricFamily> Metrics::families() const {
  std::vector<MetricFamily> families;
  if (counted_ != RequestCounts::none) add_requests(families);
  MetricFamily lost{.name = "vx11_session_store_failures_total",
                    .help = "Sessions that could not be read or written."};
  lost.series.push_back(series_of({}, shared_, shared_->sessions_lost));
  families.push_back(std::move(lost));
  return families;
}

MetricFamily Metrics::requests() const {
  MetricFamily family{
      .name = "vx11_requests_total",
      .help = "Requests to the operator API that were answered, by endpoint and status class."};
  for (std::size_t i = 0; i < kEndpoints; ++i) {
    for (std::size_t c = 0; c < kClasses; ++c) {
      family.series.push_back(
          series_of({{"endpoint", name_of(i)}, {"status", std::to_string(c + 1) + "xx"}}, shared_,
                    shared_->endpoints[i].classes[c]));
    }
  }
  return family;
}

MetricFamily Metrics::durations() const {
  MetricFamily family{
      .name = "vx11_request_duration_seconds",
      .help = "Time from the head of a request to its answer, or to the end of its stream.",
      .kind = MetricKind::histogram,
      .unit = "seconds"};
  for (std::size_t i = 0; i < kEndpoints; ++i) {
    family.series.push_back(series_of({{"endpoint", name_of(i)}}, shared_, *shared_->durations[i]));
  }
  return family;
}

MetricFamily Metrics::stream_ends() const {
  MetricFamily family{.name = "vx11_chat_streams_total",
                      .help = "Streamed operator chats by how they ended."};
  for (std::size_t i = 0; i < kStreamEnds; ++i) {
    family.series.push_back(series_of({{"outcome", std::string(kStreamEndNames[i])}}, shared_,
                                      shared_->stream_ends[i]));
  }
  return family;
}

MetricFamily Metrics::stream_times(std::string name, std::string help,
                                   MetricHistogram Shared::*times) const {
  MetricFamily family{.name = std::move(name),
                      .help = std::move(help),
                      .kind = MetricKind::histogram,
                      .unit = "seconds"};
  family.series.push_back(series_of({}, shared_, (*shared_).*times));
  return family;
}

MetricFamily build_info() {
  return {.name = "vx11_build_info",
          .help = "The version that runs.",
          .kind = MetricKind::info,
          .series = {{.labels = {{"version", VX11_VERSION_STRING}}}}};
}

}  // namespace v0
}  // namespace vx11
