#include <vx11/detail/mistakes.hpp>
#include <vx11/tracing.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "random/entropy.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

/// Samplers decide by the lower 7 bytes of the trace id, those that are random (level 2).
constexpr double kRange = 0x1p56;
constexpr std::uint64_t kRandomBits = (std::uint64_t{1} << 56U) - 1;

/// Compares texts only where the path ends where that of the target may end.
bool is_path(std::string_view target, std::string_view path) noexcept {
  if (target.size() < path.size()) return false;
  if (target.size() > path.size() && target[path.size()] != '?') return false;
  return target.starts_with(path);
}

}  // namespace

Result<std::shared_ptr<const Tracer>> Tracer::create(TracerOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(options.sink == nullptr, "sink is missing");
  mistakes.add_if(!(options.ratio >= 0 && options.ratio <= 1), "ratio must be between 0 and 1");
  if (auto checked = std::move(mistakes).result(); !checked) {
    return vx11::fail(std::move(checked.error()));
  }
  return std::shared_ptr<const Tracer>(new Tracer(std::move(options)));
}

Tracer::Tracer(TracerOptions options)
    : options_(std::move(options)),
      threshold_(static_cast<std::uint64_t>(std::llround((1 - options_.ratio) * kRange))) {}

std::uint64_t Tracer::number() const {
  return options_.random ? options_.random() : random::quick_number();
}

bool Tracer::is_in_ratio(const TraceId& id) const noexcept {
  return (id.low & kRandomBits) >= threshold_;
}

bool Tracer::decide(const TraceParent& parent) const noexcept {
  return options_.parent_based ? parent.is_sampled() : is_in_ratio(parent.trace_id);
}

bool Tracer::admits_failure() const noexcept {
  constexpr unsigned kCountBits = 32;
  constexpr std::uint64_t kCount = (std::uint64_t{1} << kCountBits) - 1;
  const auto now =
      std::chrono::floor<std::chrono::seconds>(options_.clock.now().time_since_epoch()).count();
  const std::uint64_t second = static_cast<std::uint64_t>(now) << kCountBits;
  std::uint64_t seen = failures_.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint64_t before = (seen & ~kCount) == second ? seen & kCount : 0;
    if (before >= options_.max_failures) break;
    if (failures_.compare_exchange_weak(seen, second + before + 1, std::memory_order_relaxed))
      return true;
  }
  if (options_.failures_left_out != nullptr)
    options_.failures_left_out->fetch_add(1, std::memory_order_relaxed);
  return false;
}

std::shared_ptr<RequestTrace> Tracer::begin(const HttpRequest& head, TimePoint since) const {
  for (const std::string& path : options_.untraced) {
    if (is_path(head.target, path)) return nullptr;
  }
  TraceParent own;
  std::uint64_t parent_id = 0;
  bool is_sampled = false;
  TraceContext context;
  if (head.headers.contains("traceparent")) context = read_trace_context(head.headers);
  if (context.parent) {
    own = *context.parent;
    parent_id = own.span_id;
    is_sampled = decide(own);
  } else {
    own.trace_id = TraceId{.high = number(), .low = number()};
    own.trace_id.high |= static_cast<std::uint64_t>(!own.trace_id.is_valid());
    own.flags = kTraceRandom;
    is_sampled = is_in_ratio(own.trace_id);
  }
  const unsigned others = own.flags & ~static_cast<unsigned>(kTraceSampled);
  own.flags = static_cast<std::uint8_t>(others | (is_sampled ? kTraceSampled : 0U));
  own.span_id = std::max<std::uint64_t>(number(), 1);
  return std::make_shared<RequestTrace>(shared_from_this(), own, parent_id,
                                        std::move(context.state), since);
}

RequestTrace::RequestTrace(std::shared_ptr<const Tracer> tracer, const TraceParent& own,
                           std::uint64_t parent_id, std::string state, TimePoint since) noexcept
    : tracer_(std::move(tracer)),
      own_(own),
      text_(own),
      parent_id_(parent_id),
      state_(std::move(state)),
      since_(since) {}

RequestTrace::~RequestTrace() {
  if (!spans_.empty() && keeps(has_failed_.load(std::memory_order_relaxed))) {
    options().sink->take(std::move(spans_));
  }
}

bool RequestTrace::keeps_failure() const noexcept {
  if (!options().on_error) return false;
  const std::lock_guard lock(mutex_);
  if (!keeps_failure_) keeps_failure_ = tracer_->admits_failure();
  return *keeps_failure_;
}

std::uint64_t RequestTrace::next_span_id() const {
  return std::max<std::uint64_t>(tracer_->number(), 1);
}

SpanTime RequestTrace::time_of(TimePoint at) const noexcept {
  const std::lock_guard lock(mutex_);
  if (!offset_) {
    const TracerOptions& with = options();
    const SpanTime wall = with.wall_now ? with.wall_now() : exact_wall_now();
    offset_ = wall.time_since_epoch() - with.clock.now().time_since_epoch();
  }
  return SpanTime(at.time_since_epoch() + *offset_);
}

Span RequestTrace::begun(TimePoint begin, TimePoint end) const {
  Span span;
  span.trace_id = own_.trace_id;
  span.flags = own_.flags;
  span.trace_state = state_;
  span.start = time_of(begin);
  span.end = time_of(end);
  return span;
}

Span RequestTrace::own_span(TimePoint begin, TimePoint end) const {
  Span span = begun(begin, end);
  span.span_id = own_.span_id;
  span.parent_id = parent_id_;
  span.is_parent_remote = parent_id_ != 0;
  span.kind = SpanKind::server;
  return span;
}

Span RequestTrace::child_span(std::uint64_t id, TimePoint begin, TimePoint end) const {
  Span span = begun(begin, end);
  span.span_id = id;
  span.parent_id = own_.span_id;
  span.kind = SpanKind::client;
  return span;
}

void RequestTrace::add(Span span) {
  const std::lock_guard lock(mutex_);
  spans_.push_back(std::move(span));
}

}  // namespace v0
}  // namespace vx11
