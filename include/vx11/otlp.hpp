#pragma once

/// \file
/// `OtlpExporter`: sends spans to a collector by OTLP/HTTP, in JSON.

#include <vx11/backoff.hpp>
#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/export.hpp>
#include <vx11/headers.hpp>
#include <vx11/result.hpp>
#include <vx11/timer.hpp>
#include <vx11/tracing.hpp>
#include <vx11/transport.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Spans by what became of them, and requests. Read them at any time.
struct OtlpCounters {
  std::atomic<std::uint64_t> exported = 0;    ///< Accepted by the collector.
  std::atomic<std::uint64_t> rejected = 0;    ///< Rejected in an answer of partial success.
  std::atomic<std::uint64_t> queue_full = 0;  ///< Dropped: the queue was full.
  /// Dropped: a status that is not retried, or a 2xx whose body is no answer of a collector.
  std::atomic<std::uint64_t> refused = 0;
  /// Dropped: retried until the time was over, waiting at the exporter's end, or out of memory.
  std::atomic<std::uint64_t> undelivered = 0;
  std::atomic<std::uint64_t> requests = 0;  ///< Sent, retries among them.
  std::atomic<std::uint64_t> retries = 0;
};

/// What an exporter sends, where, and when.
struct OtlpOptions {
  /// Required. The exporter's thread waits for its answers, so it may block.
  std::shared_ptr<Transport> transport = {};
  /// The collector: `http://host[:port]` or `https://…`. 4318 is the port of OTLP/HTTP.
  std::string url = "http://127.0.0.1:4318";
  std::string path = "/v1/traces";
  Headers headers = {};  ///< Sent with each request; for example a key. Never shown.
  /// `service.name` and the other attributes of the resource.
  std::string service_name = "vx11";
  std::vector<std::pair<std::string, std::string>> resource{};
  /// Compresses a body as gzip; none: it could not. Empty, the default: bodies are sent as they
  /// are, and the library needs no zlib.
  std::function<std::optional<std::string>(std::string_view)> gzip = {};
  /// Spans that wait; further ones are dropped. OpenTelemetry's default.
  std::size_t max_queue = 2048;
  /// Spans of one request. OpenTelemetry's default.
  std::size_t max_batch = 512;
  /// The longest that a span waits for others before it is sent. OpenTelemetry's default.
  Duration delay = std::chrono::seconds(5);
  /// Limit of one request. OpenTelemetry's default.
  Duration timeout = std::chrono::seconds(10);
  /// The waits between retries.
  BackoffOptions backoff = {.base = std::chrono::seconds(1), .cap = std::chrono::seconds(30)};
  /// How long a batch is retried. Meanwhile the queue fills, and then spans are dropped.
  Duration max_retry_time = std::chrono::minutes(1);
  std::shared_ptr<OtlpCounters> counters = {};  ///< Null: those of this exporter alone.
  SteadyClock clock = {};
  /// How the exporter's thread waits. Null, the default: a `BlockingTimer`.
  std::shared_ptr<Timer> timer = {};
};

/// Collects spans and sends them in batches from a thread of its own, so that requests never wait
/// for a collector. Thread-safe.
///
/// Retries 429, 502, 503, 504, connections that fail and answers that do not come, as the protocol
/// says, after `Retry-After` or an exponential backoff. Any other status drops the batch, and so
/// does a collector that does not answer within `max_retry_time`. A `Retry-After` beyond that holds
/// up the batches after it, too, for an hour at most: meanwhile the queue fills. Spans that a
/// partial success rejects are counted and not sent again.
class VX11_API OtlpExporter final : public SpanSink {
 public:
  /// Starts the thread.
  /// \return `invalid_argument` with every mistake of the options
  static Result<std::shared_ptr<OtlpExporter>> create(OtlpOptions options);
  /// Cancels what is being sent, and drops what waits, both `undelivered`; call `flush` before.
  ~OtlpExporter() override;

  void take(std::vector<Span> spans) noexcept override;
  /// Sends what waits now, and blocks until that has been decided, at most for `limit`.
  /// \return whether nothing waits any more
  bool flush(Duration limit);
  const OtlpCounters& counters() const noexcept;
  std::size_t waiting() const;  ///< Spans in the queue.

 private:
  class Impl;
  explicit OtlpExporter(OtlpOptions options);
  const detail::Owned<Impl> impl_;
};

}  // namespace v0
}  // namespace vx11
