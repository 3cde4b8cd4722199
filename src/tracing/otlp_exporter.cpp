#include <vx11/detail/mistakes.hpp>
#include <vx11/otlp.hpp>
#include <vx11/url.hpp>
#include <vx11/version.hpp>

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>

#include "http/retry_after.hpp"
#include "random/uuid.hpp"
#include "tracing/otlp_json.hpp"

namespace vx11 {
inline namespace v0 {

namespace {

void add(std::atomic<std::uint64_t>& counter, std::size_t count) noexcept {
  counter.fetch_add(count, std::memory_order_relaxed);
}

/// Statuses that the protocol says to retry; also those of a balancer before the collector.
bool is_retried(int status) noexcept {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

/// The attributes of the resource: those of the program, and ours where it has none.
tracing::ResourceAttributes resource_of(const OtlpOptions& options) {
  tracing::ResourceAttributes all = options.resource;
  const auto add_if_absent = [&](std::string_view name, std::string value) {
    const auto has_name = [=](const auto& each) { return each.first == name; };
    if (std::none_of(all.begin(), all.end(), has_name)) all.emplace_back(name, std::move(value));
  };
  add_if_absent("service.name", options.service_name);
  add_if_absent("service.instance.id", random::uuid());
  add_if_absent("telemetry.sdk.name", "vx11");
  add_if_absent("telemetry.sdk.language", "cpp");
  add_if_absent("telemetry.sdk.version", VX11_VERSION_STRING);
  return all;
}

/// Spans in the portions in which they arrive, none larger than a batch. A list, because it hands
/// portions over without memory and without moving spans: threads that serve requests share its
/// lock.
using Portions = std::list<std::vector<Span>>;

Portions portions_of(std::vector<Span> spans, std::size_t most) {
  Portions all;
  if (spans.size() <= most) {
    if (!spans.empty()) all.push_back(std::move(spans));
    return all;
  }
  for (auto at = spans.begin(); at != spans.end();) {
    const auto left = static_cast<std::size_t>(spans.end() - at);
    const auto end = at + static_cast<std::ptrdiff_t>(std::min(left, most));
    all.emplace_back(std::make_move_iterator(at), std::make_move_iterator(end));
    at = end;
  }
  return all;
}

std::size_t spans_in(const Portions& portions) noexcept {
  std::size_t count = 0;
  for (const auto& each : portions) count += each.size();
  return count;
}

std::vector<Span> joined(Portions portions, std::size_t count) {
  if (portions.size() == 1) return std::move(portions.front());
  std::vector<Span> all;
  all.reserve(count);
  for (auto& each : portions) std::move(each.begin(), each.end(), std::back_inserter(all));
  return all;
}

}  // namespace

class OtlpExporter::Impl {
 public:
  explicit Impl(OtlpOptions options)
      : options_(std::move(options)),
        resource_(resource_of(options_)),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    thread_.request_stop();
    wake();
    thread_.join();
    add(options_.counters->undelivered, waiting_);
  }

  void take(std::vector<Span> spans);
  bool flush(Duration limit);
  OtlpCounters& counters() const noexcept { return *options_.counters; }
  std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  void run(const std::stop_token& stop);
  /// \return whether a batch may be sent; false after a lack of memory, too
  bool await_turn(const std::stop_token& stop) noexcept;
  void await_batch(const std::stop_token& stop);
  Portions take_batch() noexcept;
  void send_batch(Portions portions, const std::stop_token& stop) noexcept;
  /// Sends a batch until it is decided.
  void deliver(const std::vector<Span>& batch, const std::stop_token& stop);
  /// \return after what time to send it again
  Duration wait_after(const Result<HttpResponse>& answer, Backoff& backoff);
  HttpRequest request_for(const std::vector<Span>& batch) const;
  Result<HttpResponse> send(const HttpRequest& request, const std::stop_token& stop);
  /// \return whether it is to be sent again
  bool is_undecided(const Result<HttpResponse>& answer, std::size_t spans) noexcept;
  void sleep(Duration time, std::stop_token stop);
  /// Ends the wait for a batch.
  void wake();

  const OtlpOptions options_;
  const tracing::ResourceAttributes resource_;
  mutable std::mutex mutex_ = {};
  std::condition_variable_any changed_ = {};
  Portions queue_ = {};
  std::size_t waiting_ = 0;   ///< Spans in the queue.
  std::size_t flushing_ = 0;  ///< Callers of `flush`.
  bool is_sending_ = false;
  std::stop_source woken_ = {};  ///< Renewed by each wait.
  /// The collector wants no request before. Of the thread alone.
  TimePoint not_before_ = {};
  std::jthread thread_;  ///< The last member: it uses all others.
};

void OtlpExporter::Impl::take(std::vector<Span> spans) {
  const std::size_t count = spans.size();
  Portions portions = portions_of(std::move(spans), options_.max_batch);
  std::size_t taken = 0;
  bool is_full = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t room = options_.max_queue - std::min(options_.max_queue, waiting_);
    auto end = portions.begin();
    for (; end != portions.end() && taken < room; ++end) {
      const std::size_t most = std::min(end->size(), room - taken);
      end->erase(end->begin() + static_cast<std::ptrdiff_t>(most), end->end());
      taken += most;
    }
    queue_.splice(queue_.end(), portions, portions.begin(), end);
    waiting_ += taken;
    is_full = waiting_ >= options_.max_batch;
  }
  if (taken < count) add(options_.counters->queue_full, count - taken);
  changed_.notify_all();
  if (is_full) wake();
}

void OtlpExporter::Impl::wake() {
  std::stop_source woken(std::nostopstate);
  {
    const std::lock_guard lock(mutex_);
    woken = woken_;
  }
  woken.request_stop();
}

bool OtlpExporter::Impl::flush(Duration limit) {
  {
    const std::lock_guard lock(mutex_);
    ++flushing_;
  }
  wake();
  changed_.notify_all();
  std::unique_lock lock(mutex_);
  const bool is_done =
      changed_.wait_for(lock, limit, [this] { return queue_.empty() && !is_sending_; });
  --flushing_;
  return is_done;
}

void OtlpExporter::Impl::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!await_turn(stop)) continue;
    send_batch(take_batch(), stop);
    {
      const std::lock_guard lock(mutex_);
      is_sending_ = false;
    }
    changed_.notify_all();
  }
}

bool OtlpExporter::Impl::await_turn(const std::stop_token& stop) noexcept {
  constexpr std::chrono::milliseconds kPause(100);
  try {
    await_batch(stop);
    const TimePoint now = options_.clock.now();
    if (now < not_before_) sleep(not_before_ - now, stop);
    return !stop.stop_requested();
  } catch (...) {  // out of memory: the queue keeps its spans, and this wait needs none
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, kPause, [] { return false; });
    return false;
  }
}

/// Waits for a span, and then for others.
void OtlpExporter::Impl::await_batch(const std::stop_token& stop) {
  std::stop_token woken;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return !queue_.empty(); });
    if (flushing_ != 0 || waiting_ >= options_.max_batch || stop.stop_requested()) return;
    woken_ = std::stop_source();
    woken = woken_.get_token();
  }
  sleep(options_.delay, std::move(woken));
}

Portions OtlpExporter::Impl::take_batch() noexcept {
  Portions batch;
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  auto end = queue_.begin();
  for (; end != queue_.end() && count + end->size() <= options_.max_batch; ++end) {
    count += end->size();
  }
  batch.splice(batch.end(), queue_, queue_.begin(), end);
  waiting_ -= count;
  is_sending_ = count != 0;
  return batch;
}

void OtlpExporter::Impl::send_batch(Portions portions, const std::stop_token& stop) noexcept {
  const std::size_t count = spans_in(portions);
  if (count == 0) return;
  try {
    deliver(joined(std::move(portions), count), stop);
  } catch (...) {  // out of memory
    add(options_.counters->undelivered, count);
  }
}

HttpRequest OtlpExporter::Impl::request_for(const std::vector<Span>& batch) const {
  HttpRequest request("POST", options_.url, options_.path);
  request.headers = options_.headers;
  request.headers.set("Content-Type", "application/json");
  request.headers.set("User-Agent", "OTel-OTLP-Exporter-vx11/" VX11_VERSION_STRING);
  request.body = tracing::otlp_json(batch, resource_);
  if (!options_.gzip) return request;
  if (auto compressed = options_.gzip(request.body)) {
    request.body = *std::move(compressed);
    request.headers.set("Content-Encoding", "gzip");
  }
  return request;
}

Result<HttpResponse> OtlpExporter::Impl::send(const HttpRequest& request,
                                              const std::stop_token& stop) {
  add(options_.counters->requests, 1);
  try {
    return sync_wait(options_.transport->send(
        request, Deadline::after(options_.clock.now(), options_.timeout, stop)));
  } catch (...) {  // a transport of the user's
    return fail(Errc::unreachable);
  }
}

bool OtlpExporter::Impl::is_undecided(const Result<HttpResponse>& answer,
                                      std::size_t spans) noexcept {
  OtlpCounters& count = *options_.counters;
  if (!answer || is_retried(answer->status)) return true;
  if (!answer->ok()) {
    add(count.refused, spans);
    return false;
  }
  const auto reported = tracing::rejected_spans(answer->body);
  if (!reported) {
    add(count.refused, spans);
    return false;
  }
  const auto rejected = static_cast<std::size_t>(std::min<std::uint64_t>(*reported, spans));
  add(count.rejected, rejected);
  add(count.exported, spans - rejected);
  return false;
}

Duration OtlpExporter::Impl::wait_after(const Result<HttpResponse>& answer, Backoff& backoff) {
  const auto asked = answer ? retry_after(*answer) : std::nullopt;
  if (!asked) return backoff.next();
  not_before_ = saturated_add(options_.clock.now(), *asked);
  return *asked;
}

void OtlpExporter::Impl::deliver(const std::vector<Span>& batch, const std::stop_token& stop) {
  const HttpRequest request = request_for(batch);
  const TimePoint until = saturated_add(options_.clock.now(), options_.max_retry_time);
  Backoff backoff(options_.backoff);
  for (;;) {
    const Result<HttpResponse> answer = send(request, stop);
    if (!is_undecided(answer, batch.size())) return;
    const Duration wait = wait_after(answer, backoff);
    if (stop.stop_requested() || saturated_add(options_.clock.now(), wait) > until) break;
    sleep(wait, stop);
    if (stop.stop_requested()) break;
    add(options_.counters->retries, 1);
  }
  add(options_.counters->undelivered, batch.size());
}

void OtlpExporter::Impl::sleep(Duration time, std::stop_token stop) {
  sync_wait(options_.timer->sleep(time, std::move(stop)));
}

Result<std::shared_ptr<OtlpExporter>> OtlpExporter::create(OtlpOptions options) {
  detail::Mistakes mistakes;
  mistakes.add_if(options.transport == nullptr, "transport is missing");
  mistakes.add_if(!Url::parse(options.url),
                  "url must be http://host[:port] or https://host[:port]");
  mistakes.add_if(!options.path.starts_with('/'), "path must begin with /");
  mistakes.add_if(options.max_batch == 0, "max_batch is zero");
  mistakes.add_if(options.max_queue < options.max_batch, "max_queue is below max_batch");
  mistakes.add_if(options.timeout <= Duration::zero(), "timeout must be above zero");
  detail::check(mistakes, options.backoff);
  if (auto checked = std::move(mistakes).result(); !checked) return fail(checked.error());
  if (options.counters == nullptr) options.counters = std::make_shared<OtlpCounters>();
  if (options.timer == nullptr) options.timer = std::make_shared<BlockingTimer>();
  return std::shared_ptr<OtlpExporter>(new OtlpExporter(std::move(options)));
}

OtlpExporter::OtlpExporter(OtlpOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

OtlpExporter::~OtlpExporter() = default;

void OtlpExporter::take(std::vector<Span> spans) noexcept {
  const std::size_t count = spans.size();
  try {
    impl_->take(std::move(spans));
  } catch (...) {  // out of memory
    add(impl_->counters().undelivered, count);
  }
}

bool OtlpExporter::flush(Duration limit) {
  return impl_->flush(limit);
}

const OtlpCounters& OtlpExporter::counters() const noexcept {
  return impl_->counters();
}

std::size_t OtlpExporter::waiting() const {
  return impl_->waiting();
}

}  // namespace v0
}  // namespace vx11
