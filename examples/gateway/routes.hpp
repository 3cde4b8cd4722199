#pragma once

/// \file
/// Routers over the gateway's upstreams.

#include <vx11/router.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "models.hpp"
#include "upstreams.hpp"

namespace gateway {

/// The names of the targets of the route `name`; of no name, those of chats without a route.
std::vector<std::string> chain_of(const GatewayConfig& config, std::string_view name);

/// These targets, in this order.
/// \param chain names of upstreams that exist
std::vector<vx11::RouterTarget> targets_of(const GatewayConfig& config, const Upstreams& upstreams,
                                           std::span<const std::string> chain);

/// Every target alone, and every route.
std::vector<NamedChain> model_chains(const GatewayConfig& config, const Upstreams& upstreams);

/// The models that have embeddings, by their whole names, each with the targets that have them.
std::vector<NamedChain> embedding_chains(const GatewayConfig& config, const Upstreams& upstreams);

vx11::Result<vx11::Router> make_router(const GatewayConfig& config,
                                       std::vector<vx11::RouterTarget> targets);

}  // namespace gateway
