#pragma once

/// \file
/// An upstream connection under TLS. Internal.

#include <memory>
#include <string>
#include <string_view>

#include "net/client/upstream_pool.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// What the connections to one origin share: whom they trust.
/// \return it with the authorities of `ca_file`, or, if that is empty, with the system's
Result<std::shared_ptr<TlsContext>> make_tls_context(const std::string& ca_file);

/// Verifies the certificate chain and the name; SNI is sent for names.
class TlsConnection final : public UpstreamConnection {
 public:
  TlsConnection(Loop& loop, Socket socket, OriginPool& executor,
                std::shared_ptr<TlsContext> context);
  ~TlsConnection() override;

  Task<Result<void>> handshake();

 private:
  struct Tls;
  IoResult try_read(char* into, std::size_t size) noexcept override;
  IoResult try_write(std::string_view bytes) noexcept override;

  std::unique_ptr<Tls> tls_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
