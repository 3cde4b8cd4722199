#include "operator/gateway/gateway_client.hpp"

#include <vx11/circuit_breaker.hpp>
#include <vx11/net/transport.hpp>
#include <vx11/url.hpp>
#include <vx11/verdict.hpp>

#include <algorithm>
#include <atomic>
#include <utility>

namespace backend {

namespace {

using vx11::Deadline;
using vx11::Errc;
using vx11::HttpRequest;
using vx11::HttpResponse;
using vx11::Result;
using vx11::StreamedResponse;
using vx11::Task;
using vx11::Verdict;

constexpr std::string_view kGateway = "tentaculo_link";

/// Every HTTP answer shows that the gateway is there: its 503 is about an upstream.
struct GatewayVerdict {
  template <class T>
  Verdict operator()(const Result<T>& result) const noexcept {
    return result ? Verdict::success : vx11::verdict_on(result.error().code);
  }
};

/// Values of header fields must be free of control characters, or they are not sent.
bool is_field_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0x20 && c != 0x7F; });
}

void add_unless_empty(vx11::Headers& headers, std::string_view name, std::string_view value) {
  if (!value.empty() && is_field_value(value)) headers.set(name, value);
}

HttpRequest request_to(const std::string& origin, GatewayRequest&& asked) {
  HttpRequest request(std::move(asked.method), origin, std::move(asked.target));
  for (const vx11::Header field : asked.headers) {
    add_unless_empty(request.headers, field.name, field.value);
  }
  // In every mode the gateway reads this form; the other one is for static tokens alone.
  if (!asked.token.empty())
    add_unless_empty(request.headers, "Authorization", "Bearer " + asked.token);
  add_unless_empty(request.headers, "X-Request-Id", asked.correlation_id);
  add_unless_empty(request.headers, "Accept", asked.accept);
  if (!asked.body.empty()) request.headers.set("Content-Type", "application/json");
  request.body = std::move(asked.body);
  return request;
}

/// Errors name the gateway, whatever the transport knows.
template <class T>
Result<T> named(Result<T> result) {
  if (!result) result.error().upstream = kGateway;
  return result;
}

class HttpGatewayClient final : public GatewayClient {
 public:
  HttpGatewayClient(std::string origin, GatewayClientOptions options)
      : origin_(std::move(origin)),
        transport_(std::move(options.transport)),
        breaker_({.failures_to_open = options.failures_to_open,
                  .open_for = options.open_for,
                  // A chat may be the first call that is let through: others do not wait for it.
                  .probes = 64,
                  .probe_timeout = std::chrono::minutes(3),
                  .probes_to_close = 1},
                 options.clock) {}

  Task<Result<HttpResponse>> send(GatewayRequest request, Deadline deadline) override {
    const HttpRequest sent = request_to(origin_, std::move(request));
    auto sending = breaker_.async_run(Send{*transport_, sent, deadline}, GatewayVerdict());
    Result<HttpResponse> answer = co_await std::move(sending);
    co_return named(std::move(answer));
  }

  Task<Result<StreamedResponse>> open(GatewayRequest request, Deadline deadline) override {
    const HttpRequest sent = request_to(origin_, std::move(request));
    auto opening = breaker_.async_run(Open{*transport_, sent, deadline}, GatewayVerdict());
    Result<StreamedResponse> answer = co_await std::move(opening);
    co_return named(std::move(answer));
  }

 private:
  struct Send {
    vx11::StreamingTransport& transport;
    const HttpRequest& request;
    const Deadline& deadline;
    Task<Result<HttpResponse>> operator()() const { return transport.send(request, deadline); }
  };
  struct Open {
    vx11::StreamingTransport& transport;
    const HttpRequest& request;
    const Deadline& deadline;
    Task<Result<StreamedResponse>> operator()() const { return transport.open(request, deadline); }
  };

  std::string origin_;
  std::shared_ptr<vx11::StreamingTransport> transport_;
  vx11::CircuitBreaker breaker_;
};

}  // namespace

Result<std::shared_ptr<GatewayClient>> make_gateway_client(GatewayClientOptions options) {
  if (!options.transport) return vx11::fail(Errc::invalid_argument, "gateway: no transport");
  auto url = vx11::Url::parse(options.url);
  if (!url) return vx11::fail(Errc::invalid_argument, "gateway." + url.error().detail);
  return std::make_shared<HttpGatewayClient>(url->text(), std::move(options));
}

std::shared_ptr<vx11::StreamingTransport> make_gateway_transport(const std::string& ca_file) {
  vx11::NetTransportOptions options;
  // Transcripts of sessions are the largest answers; figures of a gateway are far smaller.
  options.max_body_bytes = 2 * 1024 * 1024;
  // Longer than the gateway waits for the next piece of its own upstream.
  options.between_chunks_timeout = std::chrono::seconds(60);
  options.ca_file = ca_file;
  return vx11::make_net_transport(std::move(options));
}

}  // namespace backend
