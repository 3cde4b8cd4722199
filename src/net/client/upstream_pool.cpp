#include "net/client/upstream_pool.hpp"

#include <algorithm>
#include <utility>

#include "http/origin.hpp"
#include "net/client/tls_connection.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

OriginPool::~OriginPool() {
  for (const auto& connection : idle_) {
    connection->watch(nullptr, nullptr);
    connection->abort(CloseReason::aborted);
  }
}

UpstreamConnectionPtr OriginPool::take() {
  while (!idle_.empty()) {
    UpstreamConnectionPtr connection = std::move(idle_.back());
    idle_.pop_back();
    connection->watch(nullptr, nullptr);
    connection->no_limit();
    // Bytes that nobody asked for belong to no request of ours.
    if (connection->close_reason() == CloseReason::none && connection->unread().empty())
      return connection;
    connection->abort(CloseReason::aborted);
  }
  return nullptr;
}

void OriginPool::keep(UpstreamConnectionPtr connection) {
  if (idle_.size() >= options_.max_idle) return connection->abort(CloseReason::aborted);
  connection->limit(TimerWheel::in(options_.idle_timeout));
  UpstreamConnection& kept = *connection;
  idle_.push_back(std::move(connection));
  kept.watch(&OriginPool::broken, &kept);  // last: it may leave at once
}

Result<std::shared_ptr<TlsContext>> OriginPool::tls_context() {
  if (!tls_context_) {
    auto made = make_tls_context(options_.ca_file);
    if (!made) return made;
    tls_context_ = *std::move(made);
  }
  return tls_context_;
}

void OriginPool::broken(void* connection) {
  auto* const gone = static_cast<UpstreamConnection*>(connection);
  std::erase_if(gone->executor().idle_, [=](const auto& kept) { return kept.get() == gone; });
}

Result<OriginPool*> UpstreamPools::of(const std::string& url) {
  auto found = by_url_.find(url);
  if (found == by_url_.end()) {
    const auto origin = parse_origin(url);
    if (!origin) return fail(origin.error());
    found = by_url_.try_emplace(url, split_origin(*origin), options_).first;
  }
  return &found->second;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
