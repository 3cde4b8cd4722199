#include "requests.hpp"

#include <vx11/http_answer_fields.hpp>
#include <vx11/http_idempotency.hpp>
#include <vx11/http_problem.hpp>
#include <vx11/http_request_log.hpp>
#include <vx11/net/timer.hpp>

#include <chrono>
#include <utility>

namespace gateway {

namespace {

using Handler = vx11::Result<std::shared_ptr<vx11::HttpHandler>>;

vx11::AnswerFieldsOptions fields_of(const ServerConfig& server) {
  vx11::AnswerFieldsOptions options{.referrer_policy = server.referrer_policy};
  if (server.tls.is_on()) {
    options.hsts_max_age =
        std::chrono::duration_cast<std::chrono::seconds>(server.tls.hsts_max_age);
  }
  return options;
}

}  // namespace

vx11::Result<RequestServices> make_request_services(const GatewayConfig& config) {
  auto logs = RequestLogs::open(config.log);
  if (!logs) return vx11::fail(std::move(logs.error()));
  const IdempotencyConfig& with = config.idempotency;
  auto store = vx11::make_memory_idempotency_store(
      {.limits = {.answers = with.max_answers, .bytes = with.max_bytes, .lifetime = with.lifetime},
       .timer = vx11::make_net_timer()});
  if (!store) return vx11::fail(std::move(store.error()));
  return RequestServices{.logs = *std::move(logs), .idempotency = *std::move(store)};
}

Handler around_apis(const GatewayConfig& config, const RequestServices& services,
                    std::shared_ptr<vx11::HttpHandler> apis) {
  Handler made = vx11::make_idempotent(
      std::move(apis), {.store = services.idempotency, .max_wait = config.idempotency.max_wait});
  if (made) made = vx11::make_problem_details(*std::move(made));
  const vx11::AnswerFieldsOptions fields = fields_of(config.server);
  const bool has_fields = !fields.referrer_policy.empty() || fields.hsts_max_age.count() > 0;
  if (made && has_fields) made = vx11::make_answer_fields(*std::move(made), fields);
  if (!made || !services.logs->is_on()) return made;
  const auto logs = services.logs;
  return vx11::make_request_log(
      *std::move(made),
      {.sink = [logs](const vx11::RequestRecord& record) { logs->note(record); }});
}

}  // namespace gateway
