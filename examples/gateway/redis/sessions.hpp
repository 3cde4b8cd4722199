#pragma once

#include <vx11/metric_family.hpp>
#include <vx11/redis.hpp>
#include <vx11/result.hpp>
#include <vx11/session_store.hpp>
#include <vx11/store/guarded.hpp>

#include <memory>
#include <vector>

#include "gateway/config/config.hpp"

namespace gateway {

/// Where sessions are kept.
struct Sessions {
  std::shared_ptr<vx11::SessionStore> store = {};  ///< Null before the first configuration.
  /// The same store, if it is one that may fail; null: it is in memory.
  std::shared_ptr<const vx11::GuardedSessionStore> guarded = {};
};

/// A store outside of this process is guarded, and a line in the log says when it is left out.
/// \param redis of sessions in Redis
/// \param events receives those of the guard
vx11::Result<Sessions> make_sessions(const GatewayConfig& config,
                                     const std::shared_ptr<vx11::RedisClient>& redis,
                                     const vx11::SharedEvents& events);

/// Logs sessions that were removed for want of room since the last call.
/// \param seen the number before, and then the number now
void note_evictions(const Sessions& sessions, std::uint64_t& seen);

/// Whether the store is left out; none for sessions in memory.
std::vector<vx11::MetricFamily> session_metrics(const Sessions& sessions);

}  // namespace gateway
