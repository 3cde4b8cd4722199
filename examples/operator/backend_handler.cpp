#include "operator/backend_handler.hpp"

#include <vx11/http_answer_fields.hpp>
#include <vx11/http_request_log.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/metrics_page.hpp>

#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "gateway/documents.hpp"
#include "gateway/listener_tls.hpp"
#include "gateway/log/log.hpp"
#include "gateway/metrics.hpp"
#include "operator/console.hpp"
#include "operator/logins/auth_routes.hpp"
#include "operator/operator_backend.hpp"
#include "operator/records/stored_routes.hpp"
#include "operator/relay/gateway_routes.hpp"

extern const EmbeddedFile operator_description;

namespace backend {

namespace {

using gateway::GatewayConfig;
using vx11::Result;
using Handler = Result<std::shared_ptr<vx11::HttpHandler>>;
using Metrics = std::shared_ptr<vx11::RequestMetrics>;

void append(ApiRoutes& routes, ApiRoutes more) {
  for (ApiRoute& route : more) routes.push_back(std::move(route));
}

void append(std::vector<vx11::MetricFamily>& families, std::vector<vx11::MetricFamily> more) {
  for (vx11::MetricFamily& family : more) families.push_back(std::move(family));
}

AdmissionParts admission_of(const GatewayConfig& config, const BackendParts& parts) {
  AdmissionParts admission = parts.admission;
  admission.origins = config.backend.origins;
  return admission;
}

ApiRoutes login_routes(const GatewayConfig& config, const BackendParts& parts) {
  AuthRouteOptions options;
  options.parts = admission_of(config, parts);
  options.read_only = config.backend.read_only;
  options.has_tls = config.server.tls.is_on();
  options.believes_proxies = !config.server.trusted_proxies.empty();
  return auth_routes(options);
}

Result<ApiRoutes> all_routes(const GatewayConfig& config, const BackendParts& parts) {
  const bool read_only = config.backend.read_only;
  EventRouteOptions events;
  events.feed = parts.feed;
  events.tokens = parts.stream_tokens;
  events.authorizer = parts.authorizer;
  events.read_only = read_only;
  GatewayRouteOptions asked;
  asked.read_only = read_only;
  asked.max_window_ttl = whole_seconds(config.backend.most_window_ttl);
  ApiRoutes routes = login_routes(config, parts);
  append(routes, event_routes(parts.shared, std::move(events)));
  append(routes, audit_routes(parts.audit));
  append(routes, session_routes(parts.shared, parts.transcripts, parts.audit, read_only));
  append(routes, settings_routes(parts.shared, parts.settings, parts.audit, read_only));
  append(routes, gateway_routes(parts.shared, asked));
  append(routes, parts.bridge->routes());
  return routes;
}

/// Where the metrics are for everyone, as at the gateway.
bool is_open(const GatewayConfig& config) {
  const gateway::MetricsMode mode = config.metrics.access;
  return mode == gateway::MetricsMode::open ||
         (mode == gateway::MetricsMode::automatic && gateway::is_loopback(config.server.listen));
}

vx11::Task<ApiAnswer> show_metrics(vx11::MetricsPage page, const ApiCall& call) {
  auto answering = page.answer(call.request);
  vx11::HttpResponse text = co_await std::move(answering);
  vx11::StreamedResponse response(std::move(text), nullptr);
  co_return ApiAnswer(std::move(response));
}

ApiRoute metrics_route(vx11::MetricsPage page, bool is_public) {
  ApiRoute route;
  route.method = "GET";
  route.pattern = "/metrics";
  route.answer = [page = std::move(page)](const ApiCall& call) { return show_metrics(page, call); };
  route.options.scopes = {vx11::Scope::metrics};
  route.options.is_public = is_public;
  route.options.at_root = true;
  return route;
}

/// Metrics keep views of method and pattern: those of the program, of which there is one set.
Metrics count_requests(const ApiRoutes& routes) {
  static std::deque<std::pair<std::string, std::string>> kept;
  std::vector<vx11::ServedRoute> served;
  for (auto& route : served_routes(routes)) {
    const auto& [method, pattern] = kept.emplace_back(std::move(route));
    served.push_back({method, pattern});
  }
  for (const char* path : {"/metrics", "/", "/operator", "/operator/ui/{file}",
                           gateway::kDescriptionPath, gateway::kPagePath}) {
    served.push_back({"GET", path});
  }
  return vx11::RequestMetrics::create(std::move(served));
}

vx11::MetricFamily open_streams(const std::shared_ptr<EventFeed>& feed) {
  return {.name = "vx11_operator_event_streams",
          .help = "Event streams that are open.",
          .kind = vx11::MetricKind::gauge,
          .series = {{.value = [feed] { return std::uint64_t{feed->places()->taken()}; }}}};
}

vx11::MetricFamily waiting_changes(const std::shared_ptr<Database>& database) {
  return {.name = "vx11_operator_database_waiting",
          .help = "Changes that wait for the database.",
          .kind = vx11::MetricKind::gauge,
          .series = {{.value = [database] { return std::uint64_t{database->waiting()}; }}}};
}

vx11::MetricFamily database_errors(const std::shared_ptr<Database>& database) {
  return {.name = "vx11_operator_database_errors_total",
          .help = "Changes and queries that the database could not make.",
          .kind = vx11::MetricKind::counter,
          .series = {{.value = [database] { return database->errors(); }}}};
}

std::vector<vx11::MetricFamily> all_families(const GatewayConfig& config, const BackendParts& parts,
                                             const gateway::Front& front,
                                             const gateway::RequestLogs& logs,
                                             const Metrics& requests) {
  std::vector<vx11::MetricFamily> families = vx11::RequestMetrics::families(requests);
  append(families, gateway::metric_families(config, {}, front));
  append(families, gateway::process_metrics(parts.files));
  append(families, gateway::listener_tls_metrics(front.tls()));
  append(families, logs.metric_families());
  append(families, parts.bridge->metrics());
  families.push_back(open_streams(parts.feed));
  families.push_back(refused_places("vx11_operator_event_streams_refused_total",
                                    "Event streams that were refused because too many were open.",
                                    parts.feed->places()));
  families.push_back(waiting_changes(parts.database));
  families.push_back(database_errors(parts.database));
  return families;
}

void log_defect(const Defect& defect) {
  gateway::log_event(gateway::LogEvent::request_failed, {{"reason", defect.reason},
                                                         {"method", defect.method},
                                                         {"route", defect.route},
                                                         {"request_id", defect.correlation_id}});
}

Handler make_files(const std::string& folder) {
  if (folder.empty()) return make_console(built_in_console());
  return make_console(folder);
}

Result<void> mount_files(OperatorBackendOptions& options, const std::string& folder) {
  auto documents = gateway::make_api_documents(operator_description, {});
  if (!documents) return vx11::fail(std::move(documents.error()));
  for (const char* prefix : {gateway::kDescriptionPath, gateway::kPagePath}) {
    options.mounts.emplace_back(prefix, *documents);
  }
  auto console = make_files(folder);
  if (!console) return vx11::fail(std::move(console.error()));
  options.mounts.emplace_back("/", *std::move(console));
  return {};
}

vx11::RequestSink sink_of(Metrics metrics, std::shared_ptr<gateway::RequestLogs> logs) {
  return [metrics = std::move(metrics), logs = std::move(logs)](const vx11::RequestRecord& record) {
    if (record.is_admitted) {
      metrics->answered(metrics->index_of(record.route), record.method, record.trace_id,
                        record.status, record.duration);
    } else {
      metrics->refused(record.route, record.method, record.status);
    }
    logs->note(record);
  };
}

}  // namespace

Handler make_backend_handler(const GatewayConfig& config, BackendParts& parts,
                             const gateway::Front& front,
                             const std::shared_ptr<gateway::RequestLogs>& logs) {
  auto routes = all_routes(config, parts);
  if (!routes) return vx11::fail(std::move(routes.error()));
  if (parts.requests == nullptr) parts.requests = count_requests(*routes);
  const Metrics metrics = parts.requests;
  auto page = vx11::MetricsPage::create(all_families(config, parts, front, *logs, metrics));
  if (!page) return vx11::fail(std::move(page.error()));
  OperatorBackendOptions options;
  options.routes = *std::move(routes);
  options.routes.push_back(metrics_route(*std::move(page), is_open(config)));
  options.authorizer = make_gateway_authorizer(admission_of(config, parts));
  options.hosts = gateway::allowed_hosts(config.server);
  options.audit = parts.audit;
  options.on_defect = log_defect;
  options.readiness.push_back({"listener", [&front] { return front.is_accepting(); }});
  options.readiness.push_back(
      {"database", [database = parts.database] { return database->stores(); }});
  if (auto mounted = mount_files(options, config.backend.console.value); !mounted) {
    return vx11::fail(std::move(mounted.error()));
  }
  Handler handler = make_operator_backend(std::move(options));
  if (!handler) return handler;
  const auto hsts = config.server.tls.is_on() ? config.server.tls.hsts_max_age : vx11::Duration();
  handler = vx11::make_answer_fields(*std::move(handler), {.hsts_max_age = whole_seconds(hsts)});
  if (!handler) return handler;
  return vx11::make_request_log(*std::move(handler), {.sink = sink_of(metrics, logs)});
}

std::string console_source(const gateway::BackendConfig& config) {
  if (!config.console.value.empty()) return config.console.value;
  return built_in_console().empty() ? "none" : "built in";
}

}  // namespace backend
