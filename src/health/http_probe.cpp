#include <vx11/health_aggregator.hpp>
#include <vx11/url.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "health/evidence.hpp"

namespace vx11 {
inline namespace v0 {
namespace {

/// Paths that by convention report and have no side effects.
constexpr std::array<std::string_view, 4> kHarmlessPaths = {"/health", "/livez", "/readyz",
                                                            "/healthz"};

class HttpProbe final : public Probe {
 public:
  HttpProbe(std::shared_ptr<Transport> transport, HttpRequest request)
      : transport_(std::move(transport)), request_(std::move(request)) {}

  bool blocks() const noexcept override { return transport_->blocks(); }

  Task<Result<ProbeAnswer>> look(Deadline deadline) override {
    const Result<HttpResponse> reply = co_await transport_->send(request_, deadline);
    if (!reply) co_return fail(reply.error());
    if (reply->ok()) co_return ProbeAnswer(Health::ok);
    co_return degraded_by_status(reply->status);
  }

 private:
  const std::shared_ptr<Transport> transport_;
  const HttpRequest request_;
};

}  // namespace

Result<std::shared_ptr<Probe>> make_http_probe(std::shared_ptr<Transport> transport,
                                               std::string origin, std::string path,
                                               Headers headers) {
  if (!transport) return fail(Errc::invalid_argument, "a probe needs a transport");
  if (std::ranges::find(kHarmlessPaths, path) == kHarmlessPaths.end()) {
    return fail(Errc::invalid_argument,
                "a probe may only ask /health, /livez, /readyz or /healthz");
  }
  Result<Url> url = Url::parse(origin);
  if (!url) return fail(std::move(url.error()));
  HttpRequest request("GET", url->text(), std::move(path));
  request.headers = std::move(headers);
  return std::make_shared<HttpProbe>(std::move(transport), std::move(request));
}

}  // namespace v0
}  // namespace vx11
