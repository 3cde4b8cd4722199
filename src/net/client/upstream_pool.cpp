#include "net/client/upstream_pool.hpp"

#include <utility>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

OriginPool::~OriginPool() {
  while (const auto idle = idle_.pop()) {
    (*idle)->watch(nullptr, nullptr);
    (*idle)->abort(CloseReason::aborted);
  }
}

UpstreamConnectionPtr OriginPool::take() {
  while (auto newest = idle_.pop()) {
    UpstreamConnectionPtr connection = *std::move(newest);
    connection->watch(nullptr, nullptr);
    connection->no_limit();
    if (connection->reusable()) return connection;
    connection->abort(CloseReason::aborted);
  }
  return nullptr;
}

void OriginPool::keep(UpstreamConnectionPtr connection) {
  if (idle_.full()) return connection->abort(CloseReason::aborted);
  connection->limit(TimerWheel::in(options_.idle_timeout));
  UpstreamConnection& kept = *connection;
  idle_.push(std::move(connection));
  kept.watch(&OriginPool::broken, &kept);  // last: it may be removed at once
}

Result<TlsContextPtr> OriginPool::tls_context() {
  if (!tls_context_) {
    auto made = socket_detail::TlsContext::make(options_.ca_file);
    if (!made) return made;
    tls_context_ = *std::move(made);
  }
  return tls_context_;
}

void OriginPool::broken(void* connection) {
  auto* const gone = static_cast<UpstreamConnection*>(connection);
  gone->executor().idle_.remove_if([=](const auto& kept) { return kept.get() == gone; });
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
