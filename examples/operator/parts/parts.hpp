#pragma once

/// \file
/// The parts of the backend, which routes share.

#include <memory>

#include "operator/events/event_store.hpp"
#include "operator/events/status_feed.hpp"
#include "operator/gateway/gateway_client.hpp"
#include "operator/parts/audit_log.hpp"
#include "operator/parts/transcripts.hpp"

namespace backend {

/// None is null. Routes keep copies of what they use.
struct Parts {
  std::shared_ptr<GatewayClient> gateway = {};
  std::shared_ptr<EventStore> events = {};
  std::shared_ptr<AuditLog> audit = {};
  std::shared_ptr<Transcripts> transcripts = {};
  /// What the watcher sees; empty but for latencies if there is none.
  std::shared_ptr<StatusFeed> feed = {};
};

}  // namespace backend
