#pragma once

/// \file
/// Idle connections to upstreams. Internal.

#include <vx11/net/transport.hpp>
#include <vx11/socket/detail/idle_stack.hpp>
#include <vx11/socket/detail/resolver.hpp>
#include <vx11/socket/detail/tls.hpp>
#include <vx11/url.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "net/client/connect.hpp"
#include "net/socket/channel.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

class OriginPool;
using TlsContextPtr = std::shared_ptr<const socket_detail::TlsContext>;

/// The counters of a transport and of one of its origins; either may be null.
class PoolCounters {
 public:
  using Counter = std::atomic<std::uint64_t> TransportCounters::*;

  PoolCounters(std::shared_ptr<TransportCounters> all, std::shared_ptr<TransportCounters> origin)
      : all_(std::move(all)), origin_(std::move(origin)) {}

  /// Adds to a counter; `by` may be below zero for those that say what is now.
  void add(Counter counter, std::int64_t by = 1) const noexcept {
    for (TransportCounters* const counters : {all_.get(), origin_.get()}) {
      if (counters == nullptr) continue;
      (counters->*counter).fetch_add(static_cast<std::uint64_t>(by), std::memory_order_relaxed);
    }
  }

 private:
  std::shared_ptr<TransportCounters> all_;
  std::shared_ptr<TransportCounters> origin_;
};

/// Counts one for its lifetime.
class PoolCount {
 public:
  PoolCount(PoolCounters counters, PoolCounters::Counter counter) noexcept
      : counters_(std::move(counters)), counter_(counter) {
    counters_.add(counter_);
  }
  PoolCount(const PoolCount&) = delete;
  PoolCount& operator=(const PoolCount&) = delete;
  ~PoolCount() { counters_.add(counter_, -1); }

 private:
  PoolCounters counters_;
  PoolCounters::Counter counter_;
};

/// A channel that stores its position in the pool.
class UpstreamConnection : public Channel {
 public:
  UpstreamConnection(Loop& loop, Socket socket, OriginPool& executor);
  OriginPool& executor() noexcept { return executor_; }
  /// Whether it can carry another request: open, and without unsolicited bytes.
  bool reusable() const noexcept { return close_reason() == CloseReason::none && unread().empty(); }
  /// The part of a request that the socket has not accepted yet.
  std::string out = {};
  /// Counts the calls served, so that a stop request for one call does not affect the next.
  std::uint32_t calls = 0;
  /// Closes the connection on its loop, unless it serves another call than `call` by then.
  /// Thread-safe.
  void stop_call(std::uint32_t call) noexcept;

 private:
  void close_stopped();

  OriginPool& executor_;
  const PoolCount is_open_;  // with its own counters: it may outlive the pool
  std::atomic<std::uint32_t> stopped_call_ = 0;
  std::atomic<bool> stop_queued_ = false;
  SharedJob<UpstreamConnection, &UpstreamConnection::close_stopped> stop_job_;
};
using UpstreamConnectionPtr = std::shared_ptr<UpstreamConnection>;

/// The idle connections to one origin on one loop; a connection closed by its peer is removed.
class OriginPool {
 public:
  OriginPool(Url url, const NetTransportOptions& options, socket_detail::Resolver& resolver);
  OriginPool(const OriginPool&) = delete;
  OriginPool& operator=(const OriginPool&) = delete;
  ~OriginPool();

  const Url& url() const noexcept { return url_; }
  socket_detail::Resolver& resolver() const noexcept { return resolver_; }
  /// Created on first use, because loading the authorities takes milliseconds.
  Result<TlsContextPtr> tls_context();
  /// Null when there is none.
  UpstreamConnectionPtr take();
  using Counter = PoolCounters::Counter;
  /// Adds one to that counter of the transport, and of this origin.
  void count(Counter counter) const noexcept { counters_.add(counter); }
  const PoolCounters& counters() const noexcept { return counters_; }
  /// Keeps a connection without a call in progress, unless the pool is full.
  void keep(UpstreamConnectionPtr connection);

 private:
  static void broken(void* connection);

  Url url_;
  const NetTransportOptions& options_;
  const PoolCounters counters_;
  socket_detail::Resolver& resolver_;
  socket_detail::IdleStack<UpstreamConnectionPtr> idle_;
  TlsContextPtr tls_context_;
};

/// All origins of one transport on one loop.
class UpstreamPools {
 public:
  UpstreamPools(const NetTransportOptions& options,
                std::shared_ptr<socket_detail::Resolver> resolver)
      : options_(options), resolver_(std::move(resolver)) {}
  /// \return the pool of a base URL, after normalization, or what is wrong with it
  Result<OriginPool*> of(const std::string& text);

 private:
  const NetTransportOptions options_;  // a copy: the loop may outlive the transport
  const std::shared_ptr<socket_detail::Resolver> resolver_;
  std::map<std::string, OriginPool, std::less<>> by_url_;
  std::map<std::string, OriginPool*, std::less<>> by_spelling_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
