#pragma once

/// \file
/// An upstream connection under TLS. Internal.

#include <vx11/socket/detail/tls.hpp>

#include <cstddef>
#include <string_view>

#include "net/client/upstream_pool.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// An upstream connection whose bytes pass through a TLS session.
class TlsConnection final : public UpstreamConnection {
 public:
  TlsConnection(Loop& loop, Socket socket, OriginPool& executor, TlsContextPtr context);

  Task<Result<void>> handshake();

 private:
  IoResult try_read(char* into, std::size_t size) noexcept override;
  IoResult try_write(std::string_view bytes) noexcept override;

  socket_detail::TlsSession tls_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
