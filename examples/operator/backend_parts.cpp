#include "operator/backend_parts.hpp"

#include <vx11/net/timer.hpp>
#include <vx11/net/transport.hpp>

#include <chrono>
#include <utility>

#include "operator/events/sqlite_event_store.hpp"
#include "operator/gateway/gateway_client.hpp"
#include "operator/logins/confirmations.hpp"
#include "operator/logins/sqlite_login_store.hpp"

namespace backend {

namespace {

using gateway::BackendConfig;
using vx11::Result;

Result<std::shared_ptr<GatewayClient>> make_link(const gateway::GatewayLinkConfig& config) {
  vx11::NetTransportOptions files;
  files.ca_file = config.ca_file.value;
  if (auto readable = vx11::validate(files); !readable) {
    return vx11::fail(vx11::Errc::invalid_argument, "gateway." + readable.error().detail);
  }
  GatewayClientOptions options;
  options.url = config.url.value;
  options.transport = make_gateway_transport(config.ca_file.value);
  return make_gateway_client(std::move(options));
}

PlaceLimits streams_of(const BackendConfig& config) {
  return {.all = config.most_streams, .per_principal = config.streams_per_principal};
}
PlaceLimits sockets_of(const BackendConfig& config) {
  return {.all = config.most_sockets, .per_principal = config.sockets_per_principal};
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
  feed.streams = streams_of(config);
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
  parts.authorizer = make_gateway_authorizer(admission);
}

void make_bridge(BackendParts& parts, const BackendConfig& config) {
  BridgeOptions options;
  options.authorizer = parts.authorizer;
  options.timer = vx11::make_net_timer();
  options.origins = config.origins;
  options.sockets = sockets_of(config);
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

Result<std::shared_ptr<GatewayClient>> next_link(const gateway::GatewayLinkConfig& running,
                                                 const gateway::GatewayLinkConfig& next) {
  const bool is_same = running.url.value == next.url.value && next.ca_file.value.empty() &&
                       running.ca_file.value.empty();
  if (is_same) return nullptr;
  return make_link(next);
}

void reconfigure(BackendParts& parts, const BackendConfig& running, const BackendConfig& next,
                 std::shared_ptr<GatewayClient> link) {
  if (link != nullptr) {
    parts.link->replace(std::move(link));
    parts.admission.confirmations->forget_all();
  }
  parts.admission.logins->limit(whole_seconds(next.login_lifetime), next.logins_per_principal);
  parts.shared.events->bound(next.most_events, whole_seconds(next.events_age));
  parts.feed->places()->limit(streams_of(next));
  parts.bridge->configure(next.origins, sockets_of(next));
  const bool is_watched_alike = running.gateway.token == next.gateway.token &&
                                running.gateway.watch_interval == next.gateway.watch_interval;
  if (is_watched_alike) return;
  parts.watcher.reset();
  make_watcher(parts, next.gateway);
  if (parts.watcher != nullptr) parts.watcher->start();
}

Result<std::unique_ptr<BackendParts>> make_backend_parts(const BackendConfig& config) {
  auto parts = std::make_unique<BackendParts>();
  auto link = make_link(config.gateway);
  if (!link) return vx11::fail(std::move(link.error()));
  DatabaseOptions options;
  options.path = config.database.value;
  auto database = Database::open(std::move(options));
  if (!database) {
    return vx11::fail(database.error().code, "database.file: \"" + config.database.value +
                                                 "\": " + database.error().detail);
  }
  parts->database = *std::move(database);
  parts->link = std::make_shared<ReplaceableGateway>(*std::move(link));
  parts->shared.gateway = parts->link;
  parts->shared.feed = std::make_shared<StatusFeed>();
  make_stores(*parts, config);
  make_admission(*parts, config);
  make_bridge(*parts, config);
  make_watcher(*parts, config.gateway);
  return parts;
}

}  // namespace backend
