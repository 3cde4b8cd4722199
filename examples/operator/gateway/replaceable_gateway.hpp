#pragma once

/// \file
/// A client of the gateway that is replaced while the program runs. Internal.

#include <memory>
#include <mutex>

#include "operator/gateway/gateway_client.hpp"

namespace backend {

/// Calls, and the streams that they open, end with the client that they began with, and keep it.
///
/// **Thread-safe.** The last reference to a client is often released on an event loop, and the
/// destruction of its transport waits for a thread: see `gateway::RetiredParts`.
class ReplaceableGateway final : public GatewayClient {
 public:
  /// \param client not null
  explicit ReplaceableGateway(std::shared_ptr<GatewayClient> client) noexcept
      : client_(std::move(client)) {}

  /// From its return on, calls begin with `client`, which is not null.
  void replace(std::shared_ptr<GatewayClient> client);

  vx11::Task<vx11::Result<vx11::HttpResponse>> send(GatewayRequest request,
                                                    vx11::Deadline deadline) override;
  vx11::Task<vx11::Result<vx11::StreamedResponse>> open(GatewayRequest request,
                                                        vx11::Deadline deadline) override;

 private:
  std::shared_ptr<GatewayClient> current() const;

  mutable std::mutex mutex_ = {};
  std::shared_ptr<GatewayClient> client_;
};

}  // namespace backend
