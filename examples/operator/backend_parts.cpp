#include "backend_parts.hpp"

#include <vx11/net/timer.hpp>

#include <chrono>
#include <utility>

#include "confirmations.hpp"
#include "gateway_client.hpp"
#include "sqlite_event_store.hpp"
#include "sqlite_login_store.hpp"

namespace backend {

namespace {

using gateway::BackendConfig;
using vx11::Result;

Result<std::shared_ptr<GatewayClient>> make_link(const gateway::GatewayLinkConfig& config) {
  GatewayClientOptions options;
  options.url = config.url.value;
  options.transport = make_gateway_transport(config.ca_file.value);
  return make_gateway_client(std::move(options));
}

void make_stores(BackendParts& parts, const BackendConfig& config) {
  parts.audit = make_sqlite_audit_store(parts.database);
  parts.transcripts = make_sqlite_transcript_store(parts.database);
  parts.settings = std::make_shared<SettingsStore>(parts.database);
  parts.shared.audit = parts.audit;
  parts.shared.transcripts = parts.transcripts;
  parts.shared.events = make_sqlite_event_store(
      parts.database, EventStoreOptions{.max_events = config.most_events,
                                        .max_age = whole_seconds(config.events_age)});
  EventFeedOptions feed;
  feed.timer = vx11::make_net_timer();
  parts.feed = EventFeed::make(parts.shared.events, std::move(feed));
}

void make_admission(BackendParts& parts, const BackendConfig& config) {
  AdmissionParts& admission = parts.admission;
  ConfirmationOptions confirmations;
  confirmations.gateway = parts.shared.gateway;
  admission.confirmations = std::make_shared<Confirmations>(std::move(confirmations));
  LoginOptions logins;
  logins.store = make_sqlite_login_store(parts.database);
  logins.lifetime = whole_seconds(config.login_lifetime);
  logins.per_principal = config.logins_per_principal;
  admission.logins = std::make_shared<Logins>(std::move(logins));
  admission.audit = parts.shared.audit;
  admission.events = parts.shared.events;
  admission.origins = config.origins;
  parts.authorizer = make_gateway_authorizer(admission);
}

void make_bridge(BackendParts& parts, const BackendConfig& config) {
  BridgeOptions options;
  options.authorizer = parts.authorizer;
  options.timer = vx11::make_net_timer();
  options.origins = config.origins;
  parts.bridge = std::make_shared<Bridge>(parts.shared, std::move(options));
  parts.login_ends =
      parts.admission.logins->listen([bridge = parts.bridge, feed = parts.feed,
                                      tokens = parts.stream_tokens](const std::string& login) {
        bridge->end_login(login);
        tokens->end_login(login);
        feed->end_login(login);
      });
}

void make_watcher(BackendParts& parts, const gateway::GatewayLinkConfig& config) {
  if (config.token.value.empty()) return;
  WatcherOptions options;
  options.token = config.token.value;
  options.interval = config.watch_interval;
  parts.watcher = std::make_unique<Watcher>(parts.shared, std::move(options));
}

}  // namespace

Result<std::unique_ptr<BackendParts>> make_backend_parts(const BackendConfig& config) {
  auto parts = std::make_unique<BackendParts>();
  auto link = make_link(config.gateway);
  if (!link) return vx11::fail(std::move(link.error()));
  DatabaseOptions options;
  options.path = config.database.value;
  auto database = Database::open(std::move(options));
  if (!database) return vx11::fail(std::move(database.error()));
  parts->database = *std::move(database);
  parts->shared.gateway = *std::move(link);
  parts->shared.feed = std::make_shared<StatusFeed>();
  make_stores(*parts, config);
  make_admission(*parts, config);
  make_bridge(*parts, config);
  make_watcher(*parts, config.gateway);
  return parts;
}

}  // namespace backend
