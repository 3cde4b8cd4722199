#pragma once

/// \file
/// Connections to upstreams, kept for the next request. Internal.

#include <vx11/net/transport.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/client/connect.hpp"
#include "net/socket/channel.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

class OriginPool;
class TlsContext;

/// A channel that knows where it is kept.
class UpstreamConnection : public Channel {
 public:
  UpstreamConnection(Loop& loop, Socket socket, OriginPool& executor)
      : Channel(loop, std::move(socket), Priority::results), executor_(executor) {}
  OriginPool& executor() noexcept { return executor_; }
  /// The request on its way; kept so that its memory is used again.
  std::string out = {};
  /// Counts the calls it has served, so that what was meant for one does not hit the next.
  std::uint64_t calls = 0;

 private:
  OriginPool& executor_;
};
using UpstreamConnectionPtr = std::shared_ptr<UpstreamConnection>;

/// The idle connections to one origin on one loop. The newest is used first, so that the others can
/// grow old; one that its peer closes leaves by itself.
class OriginPool {
 public:
  OriginPool(Origin origin, const NetTransportOptions& options)
      : origin_(std::move(origin)), options_(options) {}
  OriginPool(const OriginPool&) = delete;
  OriginPool& operator=(const OriginPool&) = delete;
  ~OriginPool();

  const Origin& origin() const noexcept { return origin_; }
  /// Made when it is first needed, for loading the authorities takes milliseconds.
  Result<std::shared_ptr<TlsContext>> tls_context();
  /// Null when there is none.
  UpstreamConnectionPtr take();
  /// Keeps a connection over which nothing is under way, unless there are enough.
  void keep(UpstreamConnectionPtr connection);

 private:
  static void broken(void* connection);

  Origin origin_;
  const NetTransportOptions& options_;
  std::vector<UpstreamConnectionPtr> idle_;
  std::shared_ptr<TlsContext> tls_context_;
};

/// All origins of one transport on one loop.
class UpstreamPools {
 public:
  explicit UpstreamPools(const NetTransportOptions& options) : options_(options) {}
  /// \return the pool of a base URL, or what is wrong with it
  Result<OriginPool*> of(const std::string& url);

 private:
  const NetTransportOptions options_;  // a copy: the loop may outlive the transport
  std::map<std::string, OriginPool, std::less<>> by_url_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
