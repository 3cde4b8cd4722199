#pragma once

/// \file
/// The gateway, the only program that the backend connects to.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/http_message.hpp>
#include <vx11/result.hpp>
#include <vx11/streaming.hpp>
#include <vx11/task.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "operator/api/caller.hpp"

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
  vx11::Headers headers = {};  ///< Further fields, such as those of madre's power commands.
};

/// **Thread-safe**; outlives its tasks.
class GatewayClient {
 public:
  GatewayClient() = default;
  GatewayClient(const GatewayClient&) = delete;
  GatewayClient& operator=(const GatewayClient&) = delete;
  virtual ~GatewayClient() = default;

  /// \return the answer, whatever its status; `unreachable`, `timeout`, `cancelled`,
  ///         `invalid_reply`, `circuit_open`
  virtual vx11::Task<vx11::Result<vx11::HttpResponse>> send(GatewayRequest request,
                                                            vx11::Deadline deadline) = 0;
  /// The same, answered before it is complete, such as the event stream of a chat.
  virtual vx11::Task<vx11::Result<vx11::StreamedResponse>> open(GatewayRequest request,
                                                                vx11::Deadline deadline) = 0;
};

/// How the gateway is reached.
struct GatewayClientOptions {
  std::string url = {};  ///< Scheme and authority: `http://127.0.0.1:8000`.
  /// That of `make_gateway_transport`; tests pass one of their own.
  std::shared_ptr<vx11::StreamingTransport> transport = {};
  /// Opens after `failures_to_open` calls that got no HTTP answer, and lets calls through again a
  /// second later: callers get 503 at once while the gateway is away, and its return shows within
  /// that second.
  std::uint32_t failures_to_open = 5;
  vx11::Duration open_for = std::chrono::seconds(1);
  vx11::SteadyClock clock = {};
};

/// \return every mistake of the options, in one `invalid_argument`
vx11::Result<std::shared_ptr<GatewayClient>> make_gateway_client(GatewayClientOptions options);

/// The transport for the gateway: bounded bodies, and no first-byte limit, because a model may
/// compute for long.
/// \param ca_file PEM file of authorities for https; empty: the system's
std::shared_ptr<vx11::StreamingTransport> make_gateway_transport(const std::string& ca_file);

}  // namespace backend
