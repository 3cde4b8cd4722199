#include "running_backend.hpp"

#include <vx11/http_answer_fields.hpp>
#include <vx11/http_request_log.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/metrics_page.hpp>
#include <vx11/net/timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "auth_routes.hpp"
#include "confirmations.hpp"
#include "console.hpp"
#include "database.hpp"
#include "documents.hpp"
#include "gateway_authorizer.hpp"
#include "gateway_client.hpp"
#include "gateway_routes.hpp"
#include "interim_parts.hpp"
#include "log.hpp"
#include "logins.hpp"
#include "metrics.hpp"
#include "operator_backend.hpp"
#include "parts.hpp"
#include "process_metrics.hpp"
#include "sqlite_login_store.hpp"
#include "watcher.hpp"

extern const EmbeddedFile operator_description;

namespace backend {

namespace {

using gateway::BackendConfig;
using gateway::GatewayConfig;
using vx11::Result;

std::chrono::seconds whole_seconds(vx11::Duration time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time);
}

Result<std::shared_ptr<GatewayClient>> make_link(const gateway::GatewayLinkConfig& config) {
  GatewayClientOptions options;
  options.url = config.url.value;
  options.transport = make_gateway_transport(config.ca_file.value);
  return make_gateway_client(std::move(options));
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

void append(ApiRoutes& routes, ApiRoutes more) {
  for (ApiRoute& route : more) routes.push_back(std::move(route));
}

void append(std::vector<vx11::MetricFamily>& families, std::vector<vx11::MetricFamily> more) {
  for (vx11::MetricFamily& family : more) families.push_back(std::move(family));
}

}  // namespace

/// All parts. They end in the opposite order.
struct RunningBackend::Made {
  std::shared_ptr<Database> database = {};
  Parts parts = {};
  std::shared_ptr<Logins> logins = {};
  AdmissionParts admission = {};
  std::unique_ptr<Watcher> watcher = {};  ///< Null without a token of the backend's own.
  std::shared_ptr<gateway::OpenFiles> files = std::make_shared<gateway::OpenFiles>();
  std::vector<std::pair<std::string, std::string>> served = {};  ///< What the metrics refer to.
  std::shared_ptr<vx11::RequestMetrics> metrics = {};
  std::shared_ptr<vx11::HttpHandler> handler = {};
  vx11::TimePoint next_expiry = {};
};

RunningBackend::RunningBackend() : made_(std::make_unique<Made>()) {}

RunningBackend::~RunningBackend() {
  front_.reset();
}

Result<std::unique_ptr<RunningBackend>> RunningBackend::make(const GatewayConfig& config) {
  std::unique_ptr<RunningBackend> backend(new RunningBackend());
  if (auto made = backend->make_all(config); !made) return vx11::fail(std::move(made.error()));
  return backend;
}

Result<void> RunningBackend::make_all(const GatewayConfig& config) {
  config_ = config;
  const BackendConfig& own = config.backend;
  auto logs = gateway::RequestLogs::open(config.log);
  if (!logs) return vx11::fail(std::move(logs.error()));
  logs_ = *std::move(logs);
  auto front = gateway::bind_front(config);
  if (!front) return vx11::fail(std::move(front.error()));
  front_ = *std::move(front);
  auto database = Database::open({.path = own.database.value});
  if (!database) return vx11::fail(std::move(database.error()));
  made_->database = *std::move(database);
  auto link = make_link(own.gateway);
  if (!link) return vx11::fail(std::move(link.error()));
  Parts& parts = made_->parts;
  parts.gateway = *std::move(link);
  parts.events = interim::make_events();
  parts.audit = interim::make_audit();
  parts.transcripts = interim::make_transcripts();
  parts.feed = std::make_shared<StatusFeed>();
  if (!own.gateway.token.value.empty()) {
    made_->watcher = std::make_unique<Watcher>(
        parts,
        WatcherOptions{.token = own.gateway.token.value, .interval = own.gateway.watch_interval});
  }
  made_->logins =
      std::make_shared<Logins>(LoginOptions{.store = make_sqlite_login_store(made_->database),
                                            .lifetime = whole_seconds(own.login_lifetime),
                                            .per_principal = own.logins_per_principal});
  made_->admission.confirmations =
      std::make_shared<Confirmations>(ConfirmationOptions{.gateway = parts.gateway});
  made_->admission.logins = made_->logins;
  made_->admission.audit = parts.audit;
  made_->admission.events = parts.events;
  made_->admission.origins = own.origins;
  auto handler = make_handler();
  if (!handler) return vx11::fail(std::move(handler.error()));
  made_->handler = *std::move(handler);
  return {};
}

Result<std::shared_ptr<vx11::HttpHandler>> RunningBackend::make_handler() {
  const BackendConfig& own = config_.backend;
  OperatorBackendOptions options;
  options.authorizer = make_gateway_authorizer(made_->admission);
  AuthRouteOptions auth;
  auth.parts = made_->admission;
  auth.read_only = own.read_only;
  auth.has_tls = config_.server.tls.is_on();
  auth.believes_proxies = !config_.server.trusted_proxies.empty();
  append(options.routes, auth_routes(auth));
  append(options.routes,
         gateway_routes(made_->parts,
                        GatewayRouteOptions{.read_only = own.read_only,
                                            .max_window_ttl = whole_seconds(own.most_window_ttl)}));

  options.readiness.push_back({"listener", [this] { return front_->is_accepting(); }});
  auto documents = gateway::make_api_documents(operator_description, {});
  if (!documents) return documents;
  for (const char* prefix : {gateway::kDescriptionPath, gateway::kPagePath}) {
    options.mounts.emplace_back(prefix, *documents);
  }
  std::shared_ptr<vx11::HttpHandler> console = make_console(built_in_console());
  console_ = built_in_console().empty() ? "none" : "built in";
  if (!own.console.value.empty()) {
    auto read = make_console(own.console.value);
    if (!read) return read;
    console = *std::move(read);
    console_ = own.console.value;
  }
  options.mounts.emplace_back("/", std::move(console));

  made_->served = served_routes(options.routes);
  made_->served.emplace_back("GET", "/metrics");
  std::vector<vx11::ServedRoute> served;
  for (const auto& [method, pattern] : made_->served) served.push_back({method, pattern});
  for (const char* path :
       {"/", "/operator", "/operator/ui/{file}", "/openapi.json", "/operator/docs"}) {
    served.push_back({"GET", path});
  }
  made_->metrics = vx11::RequestMetrics::create(std::move(served));
  std::vector<vx11::MetricFamily> families = vx11::RequestMetrics::families(made_->metrics);
  append(families, gateway::metric_families(config_, {}, *front_));
  append(families, gateway::process_metrics(made_->files));
  append(families, gateway::listener_tls_metrics(front_->tls()));
  append(families, logs_->metric_families());
  auto page = vx11::MetricsPage::create(std::move(families));
  if (!page) return vx11::fail(std::move(page.error()));
  options.routes.push_back(metrics_route(*std::move(page), is_open(config_)));

  auto handler = make_operator_backend(std::move(options));
  if (handler) {
    const auto hsts =
        config_.server.tls.is_on() ? config_.server.tls.hsts_max_age : vx11::Duration();
    handler = vx11::make_answer_fields(*std::move(handler), {.hsts_max_age = whole_seconds(hsts)});
  }
  if (!handler) return handler;
  auto sink = [metrics = made_->metrics, logs = logs_](const vx11::RequestRecord& record) {
    if (record.is_admitted) {
      metrics->answered(metrics->index_of(record.route), record.method, record.trace_id,
                        record.status, record.duration);
    } else {
      metrics->refused(record.route, record.method, record.status);
    }
    logs->note(record);
  };
  return vx11::make_request_log(*std::move(handler), {.sink = std::move(sink)});
}

Result<void> RunningBackend::start() {
  auto started = front_->start(*made_->handler);
  if (started && made_->watcher != nullptr) made_->watcher->start();
  return started;
}

void RunningBackend::tend() {
  if (front_->tls().watched != nullptr) front_->tls().watched->refresh();
  gateway::process_log().note_left_out();
  made_->files->tend();
  const vx11::TimePoint now = vx11::SteadyClock().now();
  if (now < made_->next_expiry) return;
  made_->next_expiry = now + std::chrono::minutes(1);
  auto expiring = made_->logins->expire();
  // Without the database there is nothing to expire; it is tried again.
  static_cast<void>(vx11::sync_wait(std::move(expiring)));
}

void RunningBackend::reopen_logs() const {
  logs_->reopen();
}

void RunningBackend::begin_to_drain() {
  made_->handler->drain();
}

std::size_t RunningBackend::drain(vx11::Duration delay) {
  return front_->drain(config_.server.shutdown_grace, delay);
}

}  // namespace backend
