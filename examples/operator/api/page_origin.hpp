#pragma once

/// \file
/// Which pages of a browser may use the backend, by the header fields that it sends. Internal.

#include <vx11/headers.hpp>

#include <span>
#include <string>

namespace backend {

/// Whether a browser says that a page of another origin has sent the request: of another host than
/// the request is sent to, and none of `allowed`, such as `https://console.example`. Other clients
/// send nothing of the kind.
bool is_cross_site(const vx11::Headers& headers, std::span<const std::string> allowed);

/// Whether the request names one of the hosts of the backend: against pages whose name an attacker
/// lets resolve to the backend's address (DNS rebinding). So do names without a dot, which public
/// DNS does not resolve.
/// \param allowed as `gateway::allowed_hosts`; empty, or with `*`: every host is
bool is_allowed_host(const vx11::Headers& headers, std::span<const std::string> allowed);

}  // namespace backend
