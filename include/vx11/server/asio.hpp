#pragma once

/// \file
/// Deprecated, removed with the next minor version: the old names of `<vx11/net/server.hpp>`.

#include <vx11/net/server.hpp>
#include <vx11/operator_api.hpp>

#pragma message("<vx11/server/asio.hpp> is deprecated: include <vx11/net/server.hpp>")

namespace vx11 {
inline namespace v0 {

using AsioServer [[deprecated("use HttpServer")]] = HttpServer;

}  // namespace v0
}  // namespace vx11
