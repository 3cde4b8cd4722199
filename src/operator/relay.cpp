#include "operator/relay.hpp"

#include <string>
#include <utility>

#include "front/chat_trace.hpp"
#include "http/retry_after.hpp"
#include "json/scan.hpp"
#include "operator/answers.hpp"
#include "router/send_through_breaker.hpp"

namespace vx11 {
inline namespace v0 {
namespace endpoints {

namespace {

/// JSON that is no object, or nested deeper than is read, may be what the client's request led to.
Verdict verdict_on_body(const json::ScanError& error) noexcept {
  return error.may_be_json() ? Verdict::neutral : Verdict::failure;
}

constexpr int kNoContent = 204;
constexpr int kResetContent = 205;
constexpr int kNotImplemented = 501;

/// 501 is about the request: the target works.
Verdict verdict_on_answer(int status) noexcept {
  return status == kNotImplemented ? Verdict::neutral : verdict_on_status(status);
}

bool is_empty_success(const HttpResponse& response) noexcept {
  return response.ok() && response.body.empty();
}

/// A status that has no body cannot be passed on with one.
int status_with_body(int status) noexcept {
  return status == kNoContent || status == kResetContent ? 200 : status;
}

std::string refusal_json(const RouterTarget& target, int status) {
  json::Writer json(128);
  json.open('{').key("error").string("refused_by_upstream").key("status_code").integer(status);
  json.key("message").string(target.name + " answers with HTTP status " + std::to_string(status));
  json.close('}');
  return std::move(json).take();
}

RelayFailure failure_of(const SendResult& sent, const RouterTarget& target) noexcept {
  const Errc code = sent.response.error().code;
  RelayFailure failure(offline_reason(code, target.breaker.get()), sent.retry_after);
  failure.may_have_arrived = sent.may_have_arrived;
  return failure;
}

/// Of an answer that is no use. The target has read the request.
RelayFailure failure_of(Errc code, Duration wait, int status = 0) noexcept {
  RelayFailure failure(offline_reason(code), wait, status);
  failure.may_have_arrived = true;
  return failure;
}

/// Reads the answer, and concludes the call.
Relayed read(SendResult& sent, const RouterTarget& target) {
  if (!sent.response) return tl::unexpected(failure_of(sent, target));
  HttpResponse& response = *sent.response;
  const Verdict verdict = verdict_on_answer(response.status);
  const Duration wait = retry_after(response).value_or(Duration::zero());
  if (verdict_on_status(response.status) == Verdict::failure) {
    sent.conclude(verdict);
    return tl::unexpected(failure_of(Errc::http_status, wait, response.status));
  }
  if (is_empty_success(response)) response.body = "{}";
  const auto body = json::scan_object(response.body, {});
  const bool is_refusal = verdict == Verdict::neutral;
  sent.conclude(body || is_refusal ? verdict : verdict_on_body(body.error()));
  if (!body && !is_refusal) return tl::unexpected(failure_of(Errc::invalid_reply, {}));
  if (!body) response.body = refusal_json(target, response.status);
  const int status = status_with_body(response.status);
  return Relayed(tl::in_place, status, std::move(response.body), wait);
}

}  // namespace

HttpRequest relay_request(std::string method, const RouterTarget& target, std::string path,
                          std::string json, const Call& call) {
  HttpRequest request(std::move(method), target.url, std::move(path));
  request.headers = target.headers;
  request.headers.set("Accept", "application/json");
  if (!json.empty()) request.headers.set("Content-Type", "application/json");
  request.body = std::move(json);
  add_trace(request.headers, call.trace, call.request.headers);
  return request;
}

Task<Relayed> relay(const Context& context, const RouterTarget& target, const HttpRequest& request,
                    const Deadline& deadline) {
  const CallOptions options(target.name, *target.transport, target.try_timeout,
                            context.options.clock, target.breaker.get(), target.linked.get());
  SendThroughBreaker sending(options, request, deadline);
  SendResult& sent = co_await sending;
  co_return read(sent, target);
}

HttpResponse relay_offline(const RouterTarget& target, const RelayFailure& why,
                           std::string_view message) {
  json::Writer json;
  begin_offline(json, target.name, why.reason, message);
  if (why.status != 0) json.key("detail").string("HTTP status " + std::to_string(why.status));
  json.close('}');
  return offline_answer(std::move(json).take(), why.retry_after);
}

}  // namespace endpoints
}  // namespace v0
}  // namespace vx11
