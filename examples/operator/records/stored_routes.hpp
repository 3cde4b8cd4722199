#pragma once

/// \file
/// The routes of what the database keeps: events, audit, sessions, settings.

#include <vx11/clock.hpp>
#include <vx11/rate_limiter.hpp>

#include <memory>

#include "operator/api/api_routes.hpp"
#include "operator/api/authorizer.hpp"
#include "operator/events/event_feed.hpp"
#include "operator/logins/socket_tokens.hpp"
#include "operator/parts/parts.hpp"
#include "operator/records/audit_store.hpp"
#include "operator/records/settings_store.hpp"
#include "operator/records/transcript_store.hpp"

namespace backend {

struct EventRouteOptions {
  std::shared_ptr<EventFeed> feed = {};  ///< Required. End it when the program is about to stop.
  /// For `?token=` of event streams. In memory: a token lasts a minute, and after a restart of the
  /// backend a page asks for another one anyway.
  std::shared_ptr<SocketTokens> tokens = {};  ///< Required.
  /// Confirms the credential again when its token is used. Required.
  std::shared_ptr<Authorizer> authorizer = {};
  bool read_only = false;
  /// Of what one caller sends to `events/ingest`.
  vx11::RateLimiterOptions ingest_rate = {
      .calls = 20, .period = std::chrono::seconds(1), .burst = 100};
  vx11::SteadyClock clock = {};
};

/// `events`, `events/stream`, `events/sse-token`, `events/ingest`. `parts.events` stores.
ApiRoutes event_routes(const Parts& parts, EventRouteOptions options);

/// `audit`, `audit/{id}`, `audit/{id}/download`.
ApiRoutes audit_routes(std::shared_ptr<AuditStore> audit);

/// `sessions`, `sessions/{id}`. Deleting asks `parts.gateway`, and is recorded in `audit` by the
/// transaction that deletes. All are of one database.
ApiRoutes session_routes(const Parts& parts, std::shared_ptr<TranscriptStore> transcripts,
                         std::shared_ptr<AuditStore> audit, bool read_only = false);

/// `settings`. The policy is that of `parts.feed`; a change is recorded in `audit` by the same
/// transaction. Both are of one database.
ApiRoutes settings_routes(const Parts& parts, std::shared_ptr<SettingsStore> settings,
                          std::shared_ptr<AuditStore> audit, bool read_only = false);

}  // namespace backend
