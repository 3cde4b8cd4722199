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

/// Reads the answer, and concludes the call.
Relayed read(SendResult& sent) {
  if (!sent.response) {
    return tl::unexpected(
        RelayFailure(offline_reason(sent.response.error().code), sent.retry_after));
  }
  HttpResponse& response = *sent.response;
  const Verdict verdict = verdict_on_status(response.status);
  const Duration wait = retry_after(response).value_or(Duration::zero());
  if (verdict == Verdict::failure) {
    sent.conclude(verdict);
    return tl::unexpected(RelayFailure(offline_reason(Errc::http_status), wait, response.status));
  }
  const auto body = json::scan_object(response.body, {});
  sent.conclude(!body && verdict == Verdict::success ? verdict_on_body(body.error()) : verdict);
  if (!body) {
    return tl::unexpected(RelayFailure(offline_reason(Errc::invalid_reply), Duration::zero()));
  }
  return Relayed(tl::in_place, response.status, std::move(response.body), wait);
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
  co_return read(sent);
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
