#pragma once

/// \file
/// The parts of the program, made from its configuration. Internal.

#include <vx11/clock.hpp>
#include <vx11/http_request_metrics.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "gateway/config/config.hpp"
#include "gateway/telemetry/process_metrics.hpp"
#include "operator/bridge/bridge.hpp"
#include "operator/events/event_feed.hpp"
#include "operator/gateway/replaceable_gateway.hpp"
#include "operator/logins/gateway_authorizer.hpp"
#include "operator/logins/socket_tokens.hpp"
#include "operator/parts/parts.hpp"
#include "operator/records/audit_store.hpp"
#include "operator/records/settings_store.hpp"
#include "operator/records/transcript_store.hpp"
#include "operator/store/database.hpp"
#include "operator/watch/watcher.hpp"

namespace backend {

/// Of settings, which are kept in nanoseconds.
constexpr std::chrono::seconds whole_seconds(vx11::Duration time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time);
}

/// They end in the opposite order.
struct BackendParts {
  std::shared_ptr<Database> database = {};
  Parts shared = {};
  std::shared_ptr<ReplaceableGateway> link = {};  ///< `shared.gateway`.
  std::shared_ptr<AuditStore> audit = {};
  std::shared_ptr<TranscriptStore> transcripts = {};
  std::shared_ptr<SettingsStore> settings = {};
  std::shared_ptr<EventFeed> feed = {};
  std::shared_ptr<SocketTokens> stream_tokens =
      std::make_shared<SocketTokens>(vx11::SteadyClock(), "events");
  AdmissionParts admission = {};
  std::shared_ptr<Authorizer> authorizer = {};
  std::shared_ptr<vx11::RequestMetrics> requests = {};  ///< Null until there is a handler.
  std::shared_ptr<gateway::OpenFiles> files = std::make_shared<gateway::OpenFiles>();
  std::shared_ptr<Bridge> bridge = {};
  std::shared_ptr<void> login_ends = {};  ///< Ends streams and WebSockets of a login that ends.
  std::unique_ptr<Watcher> watcher = {};  ///< Null without a token of the backend's own.
};

/// A client of the gateway; null if it would be equal to that of `running`. A file of authorities
/// may have changed although its name has not.
/// \return `invalid_argument` for what cannot be used
vx11::Result<std::shared_ptr<GatewayClient>> next_link(const gateway::GatewayLinkConfig& running,
                                                       const gateway::GatewayLinkConfig& next);

/// Gives `parts` the values of `next` that can change while they are in use.
/// \param link of `next_link`
void reconfigure(BackendParts& parts, const gateway::BackendConfig& running,
                 const gateway::BackendConfig& next, std::shared_ptr<GatewayClient> link);

/// Opens the database and makes everything that needs no listener; starts no thread that looks at
/// the gateway.
/// \return `storage`, or `invalid_argument` for what cannot be used
vx11::Result<std::unique_ptr<BackendParts>> make_backend_parts(
    const gateway::BackendConfig& config);

}  // namespace backend
