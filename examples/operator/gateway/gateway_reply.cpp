#include "operator/gateway/gateway_reply.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "operator/api/bounded_json.hpp"

namespace backend {

namespace {

using nlohmann::json;
using vx11::Errc;

ApiAnswer offline(std::string_view reason, std::string_view message) {
  json body = {{"status", "service_offline"},
               {"module", kGatewayModule},
               {"reason", reason},
               {"message", message}};
  return ApiAnswer(503, std::move(body));
}

std::string seconds_until(std::chrono::nanoseconds wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return std::to_string(std::clamp<std::int64_t>(seconds, 1, 60));
}

}  // namespace

std::string_view failure_reason(Errc code) noexcept {
  switch (code) {
    case Errc::circuit_open:
    case Errc::unreachable:
    case Errc::timeout:
    case Errc::cancelled:
    case Errc::exhausted:
      return vx11::to_string(code);
    case Errc::invalid_reply:
    case Errc::too_large:
      return "invalid_reply";
    default:
      return "error";
  }
}

ApiAnswer gateway_failure(const vx11::Error& error) {
  if (error.code == Errc::invalid_reply || error.code == Errc::too_large) {
    return invalid_gateway_reply();
  }
  ApiAnswer answer = offline(failure_reason(error.code), "The gateway cannot be reached");
  answer.headers.add("Retry-After", seconds_until(error.retry_after));
  return answer;
}

ApiAnswer invalid_gateway_reply() {
  return offline("invalid_reply",
                 "What answers at the gateway's address is not the gateway: check gateway.url");
}

tl::expected<GatewayReply, ApiAnswer> read_reply(vx11::Result<vx11::HttpResponse> answer) {
  if (!answer) return tl::unexpected(gateway_failure(answer.error()));
  std::optional<json> body = parse_bounded(answer->body);
  if (body && body->is_object() && (answer->status < 300 || answer->status >= 400)) {
    return GatewayReply(answer->status, *std::move(body),
                        std::string(answer->headers.get("Retry-After")));
  }
  if (answer->status >= 500) {
    return tl::unexpected(gateway_failure(vx11::Error(Errc::unreachable)));
  }
  return tl::unexpected(invalid_gateway_reply());
}

ApiAnswer passed_on(GatewayReply reply) {
  ApiAnswer answer(reply.status, std::move(reply.body));
  if (!reply.retry_after.empty()) answer.headers.add("Retry-After", reply.retry_after);
  return answer;
}

}  // namespace backend
