#pragma once

/// \file
/// A probe for a Redis that a `RedisClient` uses.

#include <vx11/export.hpp>
#include <vx11/health_aggregator.hpp>
#include <vx11/redis.hpp>

#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Creates a probe that asks the client's server whether it takes writes: `RPUSHX key 1`, which
/// changes nothing as long as there is no `key`; and whether it runs scripts, which all stores in
/// Redis need. `PING` is answered by servers that can neither
/// read nor write. The probe suspends, on the client's own connection.
///
/// Any error is degraded, with the reasons of `make_redis_probe`, and `no_replicas`,
/// `not_replicated`, `no_master`, `wrong_role`, `unknown_command`, `tls_failed` or `overloaded`. No
/// answer is `unreachable` or `timeout`. Of a Cluster, the node with the slot of `key` is asked.
/// \param key one that nothing else uses; the user of the client needs access to it
VX11_API std::shared_ptr<Probe> make_redis_client_probe(std::shared_ptr<RedisClient> client,
                                                        std::string key);

}  // namespace v0
}  // namespace vx11
