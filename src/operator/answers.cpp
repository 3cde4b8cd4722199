#include "operator/answers.hpp"

#include <chrono>
#include <utility>

#include "front/refusal.hpp"
#include "http/retry_after.hpp"
#include "http/safety_fields.hpp"
#include "router/isolation.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

HttpResponse json_answer(int status, std::string body) {
  HttpResponse response(status);
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

void begin_offline(json::Writer& json, std::string_view module, std::string_view reason,
                   std::string_view message) {
  json.open('{').key("status").string("service_offline").key("module").string(module);
  json.key("reason").string(reason).key("message").string(message);
  if (reason == kIsolated) json.key("detail").string("an operator holds the circuit breaker open");
}

HttpResponse offline_answer(std::string body, Duration retry_after) {
  HttpResponse response = json_answer(503, std::move(body));
  response.headers.add("Retry-After", std::to_string(retry_after_seconds(retry_after).count()));
  return response;
}

void add_retry_after(HttpResponse& answer, Duration wait) {
  if (wait <= Duration::zero()) return;
  answer.headers.add("Retry-After", std::to_string(retry_after_seconds(wait).count()));
}

std::string_view offline_reason(Errc code) noexcept {
  switch (code) {
    case Errc::circuit_open:
    case Errc::unreachable:
    case Errc::timeout:
    case Errc::asleep:
    case Errc::cancelled:
    case Errc::invalid_reply:
    case Errc::storage:
    case Errc::exhausted:
      return to_string(code);
    case Errc::too_large:
      return to_string(Errc::invalid_reply);
    case Errc::http_status:
    case Errc::invalid_argument:
    case Errc::unavailable:
    case Errc::rejected:
    case Errc::address_unavailable:
      break;
  }
  return "error";
}

std::string_view offline_reason(Errc code, const CircuitBreaker* breaker) noexcept {
  return code == Errc::circuit_open && is_isolated(breaker) ? kIsolated : offline_reason(code);
}

void finish(HttpResponse& response, std::string_view method) {
  http_detail::add_safety_fields(response);
  if (method != "HEAD") return;
  response.headers.set("Content-Length", std::to_string(response.body.size()));
  response.body.clear();
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
