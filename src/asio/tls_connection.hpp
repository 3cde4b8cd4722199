#pragma once

/// \file
/// An upstream connection under TLS. Internal.

#include <memory>

#include "upstream_pool.hpp"

namespace vx11::inline v0::asio_detail {

/// Verifies the certificate chain and the name; SNI is sent for names.
class TlsConnection final : public UpstreamConnection {
 public:
  TlsConnection(Loop& loop, Socket socket, OriginPool& home, const AsioTransportOptions& options);
  ~TlsConnection() override;

  Task<Result<void>> handshake();
  Task<bool> send(std::string_view bytes) override;
  /// Nothing: a record cannot be tried, it is sent whole.
  std::size_t send_now(std::string_view bytes) noexcept override;

 private:
  struct Stream;
  void start_receive() override;

  std::unique_ptr<Stream> stream_;
};

}  // namespace vx11::inline v0::asio_detail
