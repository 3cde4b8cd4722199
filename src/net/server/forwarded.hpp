#pragma once

/// \file
/// The client of a request as the proxies before this server name it. Internal.

#include <vx11/headers.hpp>
#include <vx11/net/server.hpp>
#include <vx11/net/trusted_proxies.hpp>

#include <string>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Walks from the last element of the header, which the proxy that sent the request has added, to
/// the first, over addresses of trusted proxies.
/// \return the first address that is not of a trusted proxy, or where the walk ends; empty if the
///         header has no address at its end
std::string client_behind(const Headers& headers, ClientHeader header,
                          const TrustedProxies& proxies);

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
