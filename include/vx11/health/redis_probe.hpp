#pragma once

/// \file
/// A probe for a Redis server: RESP `PING`.

#include <vx11/export.hpp>
#include <vx11/health_aggregator.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Creates a probe for `redis://[[user]:password@]host[:port][/db]`, also `redis://password@host`.
/// The probe blocks.
///
/// PONG is ok, unless the server says that it is a replica that takes no writes or part of a
/// cluster that is down. Any other answer is degraded, with a reason: `auth_required`,
/// `auth_failed`, `no_permission`, `loading`, `busy`, `read_only`, `cluster_down`, `master_down`,
/// `too_many_clients`, `disk_error`, `out_of_memory`, `no_such_database`, `not_redis` (not the
/// Redis protocol) or `error`. No answer is `unreachable` or `timeout`. Every probe opens a new
/// connection, and so verifies that new clients are accepted.
/// \return `invalid_argument` for a URL of another form
VX11_API Result<std::shared_ptr<Probe>> make_redis_probe(std::string_view url);

/// The port in such a URL, 6379 by default.
/// \return `invalid_argument` for another form
VX11_API Result<std::uint16_t> redis_port(std::string_view url);

}  // namespace v0
}  // namespace vx11
