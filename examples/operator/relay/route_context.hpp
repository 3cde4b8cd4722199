#pragma once

/// \file
/// What the routes to the gateway share. Internal.

#include <vx11/scope.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "operator/chats/chats.hpp"
#include "operator/gateway/gateway_reply.hpp"
#include "operator/relay/gateway_routes.hpp"

namespace backend {

/// Shared by the routes; outlives their tasks.
struct RouteContext {
  RouteContext(const Parts& shared, const GatewayRouteOptions& chosen)
      : parts(shared),
        options(chosen),
        chats(shared, chosen.chat_timeout, chosen.clock, chosen.wall_clock) {}

  Parts parts;
  GatewayRouteOptions options;
  Chats chats;
};

using SharedContext = std::shared_ptr<const RouteContext>;
using ReplyOrAnswer = tl::expected<GatewayReply, ApiAnswer>;

/// Sends one request in the caller's name and reads the answer.
/// \param limit how long, in all
vx11::Task<ReplyOrAnswer> ask_gateway(const RouteContext& context, GatewayRequest request,
                                      vx11::Deadline deadline, vx11::Duration limit);
/// `GET path`, within `read_timeout`.
vx11::Task<ReplyOrAnswer> read_gateway(const RouteContext& context, const ApiCall& call,
                                       std::string path);

/// A coroutine with the context becomes a route.
using ContextFunction = vx11::Task<ApiAnswer> (*)(SharedContext, const ApiCall&);
ApiRoute route_of(const SharedContext& context, std::string method, std::string pattern,
                  ContextFunction answer, vx11::Scopes scopes = {});

void add_read_routes(ApiRoutes& routes, const SharedContext& context);
void add_window_routes(ApiRoutes& routes, const SharedContext& context);
void add_service_routes(ApiRoutes& routes, const SharedContext& context);
void add_breaker_routes(ApiRoutes& routes, const SharedContext& context);
void add_chat_routes(ApiRoutes& routes, const SharedContext& context);

}  // namespace backend
