#pragma once

/// \file
/// Routers over the gateway's upstreams.

#include <vx11/router.hpp>

#include <string_view>
#include <vector>

#include "gateway/checks/models.hpp"
#include "gateway/config/config.hpp"
#include "gateway/upstreams.hpp"

namespace gateway {

/// The route of that name; of no name, that of chats without a route.
RouteConfig route_of(const GatewayConfig& config, std::string_view name);

/// \param route of targets and groups that exist
vx11::Result<vx11::Router> make_router(const GatewayConfig& config, const Upstreams& upstreams,
                                       const RouteConfig& route);

/// A router for every target and group alone, and for every route.
/// \param chain that of `chat.route`, so that all its chats share the answer times of its targets
vx11::Result<std::vector<NamedRouter>> named_routers(const GatewayConfig& config,
                                                     const Upstreams& upstreams,
                                                     const vx11::Router& chain);

/// The routers for embeddings, by the whole names of models, each over the targets that have them.
/// Rules and shadows are for chats.
vx11::Result<std::vector<NamedRouter>> embedding_routers(const GatewayConfig& config,
                                                         const Upstreams& upstreams);

}  // namespace gateway
