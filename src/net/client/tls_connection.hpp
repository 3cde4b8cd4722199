#pragma once

/// \file
/// An upstream connection under TLS. Internal.

#include <utility>

#include "net/client/upstream_pool.hpp"
#include "net/socket/tls_channel.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// An upstream connection whose bytes pass through a TLS session.
class TlsConnection final : public TlsOver<UpstreamConnection> {
 public:
  TlsConnection(Loop& loop, Socket socket, OriginPool& executor, TlsContextPtr context)
      : TlsOver(std::move(context), executor.url().host(), loop, std::move(socket), executor) {}
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
