#include "gateway/requests.hpp"

#include <vx11/chat_completions_api.hpp>
#include <vx11/http_answer_fields.hpp>
#include <vx11/http_idempotency.hpp>
#include <vx11/http_problem.hpp>
#include <vx11/http_request_log.hpp>
#include <vx11/operator_api.hpp>

#include <chrono>
#include <utility>
#include <vector>

#include "gateway/redis/shared_parts.hpp"

namespace gateway {

namespace {

using Handler = vx11::Result<std::shared_ptr<vx11::HttpHandler>>;

std::chrono::seconds hsts_of(const ListenerTlsConfig& tls) {
  return std::chrono::duration_cast<std::chrono::seconds>(tls.is_on() ? tls.hsts_max_age
                                                                      : Duration());
}

/// What every request is reported to. APIs and limits count what they answer; what was refused by
/// its head, or by the server, is counted here.
vx11::RequestSink sink_of(const RequestServices& services, const Objectives& objectives,
                          std::shared_ptr<vx11::RequestMetrics> counts) {
  return [logs = services.logs, metrics = std::move(counts),
          objectives](const vx11::RequestRecord& record) {
    if (metrics != nullptr && !record.is_admitted)
      metrics->refused(record.route, record.method, record.status);
    objectives->count(record);
    logs->note(record);
  };
}

std::vector<vx11::ServedRoute> all_routes() {
  std::vector<vx11::ServedRoute> routes = vx11::OperatorApi::routes();
  const auto more = vx11::ChatCompletionsApi::routes();
  routes.insert(routes.end(), more.begin(), more.end());
  return routes;
}

}  // namespace

vx11::Result<RequestServices> make_request_services(
    const GatewayConfig& config, const std::shared_ptr<vx11::RedisClient>& redis) {
  auto logs = RequestLogs::open(config.log);
  if (!logs) return vx11::fail(std::move(logs.error()));
  auto store = make_idempotency(config, redis);
  if (!store) return vx11::fail(std::move(store.error()));
  return RequestServices{.logs = *std::move(logs),
                         .idempotency = *std::move(store),
                         .metrics = vx11::RequestMetrics::create(all_routes())};
}

Handler around_apis(const GatewayConfig& config, const RequestServices& services,
                    const Objectives& objectives, Limits& limits, const Credentials& credentials,
                    std::shared_ptr<vx11::HttpHandler> apis) {
  const auto counts = config.metrics.requests ? services.metrics : nullptr;
  Handler made = vx11::make_idempotent(std::move(apis), {.store = services.idempotency,
                                                         .max_wait = config.idempotency.max_wait,
                                                         .cors_origins = config.server.cors_origins,
                                                         .metrics = counts});
  if (made) made = within_limits(config, limits, credentials, *std::move(made), counts);
  if (made) made = vx11::make_problem_details(*std::move(made));
  const std::chrono::seconds hsts = hsts_of(config.server.tls);
  if (made && hsts.count() > 0) {
    made = vx11::make_answer_fields(*std::move(made), {.hsts_max_age = hsts});
  }
  if (!made) return made;
  return vx11::make_request_log(
      *std::move(made), {.sink = sink_of(services, objectives, counts), .tracer = services.tracer});
}

}  // namespace gateway
