#pragma once

/// \file
/// The gateway, the only program that the backend connects to.

#include <vx11/deadline.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/streaming.hpp>
#include <vx11/task.hpp>

#include <string>
#include <string_view>

#include "caller.hpp"

namespace backend {

/// A request to the gateway in a caller's name.
struct GatewayRequest {
  GatewayRequest() = default;
  GatewayRequest(std::string verb, std::string path, const Caller& caller, std::string correlation)
      : method(std::move(verb)),
        target(std::move(path)),
        token(caller.token),
        correlation_id(std::move(correlation)) {}

  std::string method = "GET";
  std::string target = {};
  std::string token = {};
  std::string correlation_id = {};  ///< Sent as `X-Request-Id`, so that both logs can be joined.
  std::string body = {};            ///< JSON; empty: none.
  std::string accept = {};
};

/// **Thread-safe**; outlives its tasks.
class GatewayClient {
 public:
  GatewayClient() = default;
  GatewayClient(const GatewayClient&) = delete;
  GatewayClient& operator=(const GatewayClient&) = delete;
  virtual ~GatewayClient() = default;

  /// \return the answer, whatever its status; `unreachable`, `timeout`, `cancelled`, `invalid_reply`
  virtual vx11::Task<vx11::Result<vx11::HttpResponse>> send(GatewayRequest request,
                                                            vx11::Deadline deadline) = 0;
  /// The same, answered before it is complete, such as the event stream of a chat.
  virtual vx11::Task<vx11::Result<vx11::StreamedResponse>> open(GatewayRequest request,
                                                                vx11::Deadline deadline) = 0;
};

}  // namespace backend
