#pragma once

/// \file
/// What the gateway answers, read with suspicion, and the answers for its failures. Internal.

#include <vx11/http_message.hpp>
#include <vx11/result.hpp>

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "operator/api/api_routes.hpp"

namespace backend {

/// The module name of the gateway.
inline constexpr std::string_view kGatewayModule = "tentaculo_link";

/// An answer of the gateway whose body is a JSON object.
struct GatewayReply {
  GatewayReply() = default;
  GatewayReply(int code, nlohmann::json content, std::string wait)
      : status(code), body(std::move(content)), retry_after(std::move(wait)) {}

  int status = 200;
  nlohmann::json body = nlohmann::json::object();
  std::string retry_after = {};  ///< The header; empty: none.

  bool ok() const noexcept { return status >= 200 && status < 300; }
};

/// Reads the answer. A failure is the answer that the caller gets instead, 503 `service_offline`:
/// the gateway cannot be reached, a proxy in front of it answers for it, or what answers is not the
/// gateway (`invalid_reply`): no JSON object, too large, a redirection.
tl::expected<GatewayReply, ApiAnswer> read_reply(vx11::Result<vx11::HttpResponse> answer);

/// The answer while the gateway cannot be asked.
ApiAnswer gateway_failure(const vx11::Error& error);
/// 503 `invalid_reply`: the answer is not one of the gateway.
ApiAnswer invalid_gateway_reply();
/// The gateway's answer unchanged, such as a refusal.
ApiAnswer passed_on(GatewayReply reply);

/// Why the gateway did not answer, as the word that answers and events have.
std::string_view failure_reason(vx11::Errc code) noexcept;

}  // namespace backend
