#include "net/client/upstream_pool.hpp"

#include <utility>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

std::shared_ptr<TransportCounters> counters_of(const NetTransportOptions& options,
                                               const std::string& origin) {
  const auto found = options.counters_by_origin.find(origin);
  return found == options.counters_by_origin.end() ? nullptr : found->second;
}

}  // namespace

UpstreamConnection::UpstreamConnection(Loop& loop, Socket socket, OriginPool& executor)
    : Channel(loop, std::move(socket), Priority::results),
      executor_(executor),
      is_open_(executor.counters(), &TransportCounters::open) {
  executor.count(&TransportCounters::opened);
}

void UpstreamConnection::stop_call(std::uint32_t call) noexcept {
  stopped_call_ = call;
  if (stop_queued_.exchange(true)) return;
  stop_job_.keep(std::static_pointer_cast<UpstreamConnection>(shared_from_this()));
  loop().post(stop_job_);
}

void UpstreamConnection::close_stopped() {
  stop_queued_ = false;
  if (calls == stopped_call_) abort(CloseReason::aborted);
}

OriginPool::OriginPool(Url url, const NetTransportOptions& options,
                       socket_detail::Resolver& resolver)
    : url_(std::move(url)),
      options_(options),
      counters_(options.counters, counters_of(options, url_.text())),
      resolver_(resolver),
      idle_(options.max_idle) {}

OriginPool::~OriginPool() {
  while (const auto idle = idle_.pop()) {
    counters_.add(&TransportCounters::idle, -1);
    (*idle)->watch(nullptr, nullptr);
    (*idle)->abort(CloseReason::aborted);
  }
}

UpstreamConnectionPtr OriginPool::take() {
  while (auto newest = idle_.pop()) {
    counters_.add(&TransportCounters::idle, -1);
    UpstreamConnectionPtr connection = *std::move(newest);
    connection->watch(nullptr, nullptr);
    connection->no_limit();
    if (connection->reusable()) {
      count(&TransportCounters::reused);
      return connection;
    }
    connection->abort(CloseReason::aborted);
  }
  return nullptr;
}

void OriginPool::keep(UpstreamConnectionPtr connection) {
  if (idle_.full()) return connection->abort(CloseReason::aborted);
  connection->limit(TimerWheel::in(options_.idle_timeout));
  UpstreamConnection& kept = *connection;
  idle_.push(std::move(connection));
  count(&TransportCounters::idle);
  kept.watch(&OriginPool::broken, &kept);  // last: it may be removed at once
}

Result<TlsContextPtr> OriginPool::tls_context() {
  if (!tls_context_) {
    auto made = socket_detail::TlsContext::make(
        options_.ca_file, {.file = options_.certificate_file, .key_file = options_.key_file},
        options_.pins);
    if (!made) return made;
    tls_context_ = *std::move(made);
  }
  return tls_context_;
}

void OriginPool::broken(void* connection) {
  auto* const gone = static_cast<UpstreamConnection*>(connection);
  OriginPool& pool = gone->executor();
  const auto removed = pool.idle_.remove_if([=](const auto& kept) { return kept.get() == gone; });
  pool.counters_.add(&TransportCounters::idle, -static_cast<std::int64_t>(removed.size()));
}

Result<OriginPool*> UpstreamPools::of(const std::string& text) {
  const auto known = by_spelling_.find(text);
  if (known != by_spelling_.end()) return known->second;
  auto url = Url::parse(text);
  if (!url) return fail(std::move(url.error()));
  const std::string origin = url->text();
  OriginPool* const pool =
      &by_url_.try_emplace(origin, *std::move(url), options_, *resolver_).first->second;
  by_spelling_.emplace(text, pool);
  return pool;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
