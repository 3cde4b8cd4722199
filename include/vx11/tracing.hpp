#pragma once

/// \file
/// Traces: spans of requests and of the calls that they make, and `Tracer`, which decides what is
/// recorded. `<vx11/otlp.hpp>` sends spans to a collector.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/trace_context.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// A point on the wall clock, as exact as spans are ordered by.
using SpanTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

/// What an attribute of a span may be.
using SpanValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

/// A name and its value. `<vx11/span_attributes.hpp>` has the names in use.
struct SpanAttribute {
  std::string_view name = {};  ///< A literal: valid for the time of the process.
  SpanValue value = {};
};

/// Something that happened within a span.
struct SpanEvent {
  std::string_view name = {};  ///< As above.
  SpanTime time = {};
  std::vector<SpanAttribute> attributes{};
};

/// The role of a span, with the numbers of OTLP.
enum class SpanKind : std::uint8_t { internal = 1, server = 2, client = 3 };

/// One span that has ended. Contains no content of chats, no credentials, no paths and no query.
struct Span {
  TraceId trace_id = {};
  std::uint64_t span_id = 0;
  std::uint64_t parent_id = 0;    ///< 0: the root of its trace.
  bool is_parent_remote = false;  ///< The parent is a span of another process.
  std::uint8_t flags = 0;         ///< As in `TraceParent`.
  std::string trace_state = {};
  std::string name = {};
  SpanKind kind = SpanKind::internal;
  SpanTime start = {};
  SpanTime end = {};
  std::vector<SpanAttribute> attributes{};
  std::vector<SpanEvent> events{};
  bool has_failed = false;  ///< Its status: an error, or not set.

  void add(std::string_view attribute, SpanValue value) {
    attributes.push_back({attribute, std::move(value)});
  }
};

/// Receives spans that have ended. Thread-safe.
class VX11_API SpanSink {
 public:
  SpanSink() = default;
  SpanSink(const SpanSink&) = delete;
  SpanSink& operator=(const SpanSink&) = delete;
  virtual ~SpanSink() = default;

  /// The spans of one request, its own among them. Called on the threads that handle requests: must
  /// not block.
  virtual void take(std::vector<Span> spans) noexcept = 0;
};

/// How a `Tracer` decides and where its spans go.
struct TracerOptions {
  std::shared_ptr<SpanSink> sink = {};  ///< Required.
  /// The share of new traces that are recorded, 0 to 1. Decided by the trace id, so that services
  /// with the same ratio record the same traces. A hundredth costs little and shows the usual.
  double ratio = 0.01;
  /// Whether the sampled flag of a caller's `traceparent` decides for its traces. False where
  /// callers are not trusted with that: then the ratio decides for all.
  bool parent_based = true;
  /// Whether requests that fail are recorded though they were not sampled: status 5xx, or a stream
  /// that broke off. Upstreams have not recorded their part of such a trace.
  bool on_error = true;
  /// How many of those are recorded in a second. An overload fails requests by the thousand: spans
  /// of all would cost time when it is scarce, and push sampled ones out of the exporter's queue.
  /// Ten show what fails.
  std::uint32_t max_failures = 10;
  /// `url.scheme` of the spans of requests.
  std::string scheme = "http";
  /// Paths of which no spans are made: probes, which would outnumber all others.
  std::vector<std::string> untraced = {"/health", "/livez", "/readyz", "/metrics"};
  /// That of the handlers and routers whose spans these are.
  SteadyClock clock = {};
  /// The wall clock. Empty, the default: that of the system.
  std::function<SpanTime()> wall_now = {};
  /// Random numbers for ids; thread-safe. Empty, the default: a generator for each thread.
  std::function<std::uint64_t()> random = {};
  /// Counts failures above `max_failures`. Null, the default: they are not counted.
  std::shared_ptr<std::atomic<std::uint64_t>> failures_left_out = {};
};

class RequestTrace;

/// Begins a trace for each request, or continues that of its caller. Immutable, thread-safe.
class VX11_API Tracer : public std::enable_shared_from_this<Tracer> {
 public:
  /// \return `invalid_argument` without a sink, or if the ratio is none
  static Result<std::shared_ptr<const Tracer>> create(TracerOptions options);

  /// \param since when the head was complete
  /// \return null: this request is not traced
  std::shared_ptr<RequestTrace> begin(const HttpRequest& head, TimePoint since) const;

  const TracerOptions& options() const noexcept { return options_; }

 private:
  explicit Tracer(TracerOptions options);
  friend class RequestTrace;

  std::uint64_t number() const;
  bool is_in_ratio(const TraceId& id) const noexcept;
  bool decide(const TraceParent& parent) const noexcept;
  /// Whether one more failure may be recorded now.
  bool admits_failure() const noexcept;

  const TracerOptions options_;
  const std::uint64_t threshold_;  ///< Ids are recorded from here on, by their lower 56 bits.
  /// The failures of one second: its number above, and how many there were.
  mutable std::atomic<std::uint64_t> failures_ = 0;
};

/// The trace of one request, from its head to the end of its answer. Created by a `Tracer`; shared
/// by those who add spans. When the last of them releases it, its spans reach the sink if the
/// request was sampled or has failed.
///
/// `add`, `next_span_id` and `fail` are thread-safe; so is reading.
class VX11_API RequestTrace {
 public:
  /// Use `Tracer::begin`.
  RequestTrace(std::shared_ptr<const Tracer> tracer, const TraceParent& own,
               std::uint64_t parent_id, std::string state, TimePoint since) noexcept;
  RequestTrace(const RequestTrace&) = delete;
  RequestTrace& operator=(const RequestTrace&) = delete;
  ~RequestTrace();

  /// The context of the request's own span, the parent of all others.
  const TraceParent& own() const noexcept { return own_; }
  const TraceParentText& text() const noexcept { return text_; }
  const std::string& state() const noexcept { return state_; }  ///< For `tracestate`.
  bool is_sampled() const noexcept { return own_.is_sampled(); }
  TimePoint since() const noexcept { return since_; }

  /// An id for a span of a call. Not 0.
  std::uint64_t next_span_id() const;
  /// Whether spans are to be made of a request that has or has not failed. They are expensive. Of
  /// one that was not sampled, the first call with a failure decides.
  bool keeps(bool failed) const noexcept { return is_sampled() || (failed && keeps_failure()); }
  /// The span of the request itself, and that of a call, without a name and attributes.
  Span own_span(TimePoint begin, TimePoint end) const;
  Span child_span(std::uint64_t id, TimePoint begin, TimePoint end) const;
  SpanTime time_of(TimePoint at) const noexcept;
  const TracerOptions& options() const noexcept { return tracer_->options(); }

  void add(Span span);
  /// The request has failed: its spans are kept.
  void fail() noexcept { has_failed_.store(true, std::memory_order_relaxed); }

 private:
  Span begun(TimePoint begin, TimePoint end) const;
  bool keeps_failure() const noexcept;

  const std::shared_ptr<const Tracer> tracer_;
  const TraceParent own_;
  const TraceParentText text_;
  const std::uint64_t parent_id_;
  const std::string state_;
  const TimePoint since_;
  std::atomic<bool> has_failed_ = false;
  mutable std::mutex mutex_ = {};
  /// The wall clock minus the steady one, once it was read.
  mutable std::optional<Duration> offset_ = std::nullopt;
  std::vector<Span> spans_{};
  mutable std::optional<bool> keeps_failure_ = std::nullopt;
};

/// Keeps spans in memory: for tests, and for programs that look at them themselves. Thread-safe.
class SpanRecorder final : public SpanSink {
 public:
  void take(std::vector<Span> spans) noexcept override {
    const std::lock_guard lock(mutex_);
    for (Span& span : spans) spans_.push_back(std::move(span));
  }
  /// Those that have arrived so far; they are forgotten here.
  std::vector<Span> take_all() {
    const std::lock_guard lock(mutex_);
    return std::exchange(spans_, {});
  }

 private:
  std::mutex mutex_ = {};
  std::vector<Span> spans_{};
};

}  // namespace v0
}  // namespace vx11
