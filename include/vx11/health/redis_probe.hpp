#pragma once

/// \file
/// Looks at a Redis server: RESP `PING`.

#include <vx11/export.hpp>
#include <vx11/health_aggregator.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {

/// Makes a probe for `redis://[[user]:password@]host[:port][/db]`. Blocks while looking.
///
/// PONG is ok; an answer that is not (`LOADING`, `NOAUTH`, …) is degraded; none is `unreachable` or
/// `timeout`. Every look is a fresh connection: what it proves is that a new client gets in.
/// \return `invalid_argument` for a URL of another form
VX11_API Result<std::shared_ptr<Probe>> make_redis_probe(std::string_view url);

/// The port in such a URL, 6379 when it names none.
/// \return `invalid_argument` for another form
VX11_API Result<std::uint16_t> redis_port(std::string_view url);

}  // namespace v0
}  // namespace vx11
