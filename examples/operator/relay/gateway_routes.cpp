#include "operator/relay/gateway_routes.hpp"

#include <utility>

#include "operator/relay/route_context.hpp"

namespace backend {

using vx11::Deadline;
using vx11::Task;

Task<ReplyOrAnswer> ask_gateway(const RouteContext& context, GatewayRequest request,
                                Deadline deadline, vx11::Duration limit) {
  const Deadline until = deadline.capped(context.options.clock.now(), limit);
  auto sending = context.parts.gateway->send(std::move(request), until);
  vx11::Result<vx11::HttpResponse> answer = co_await std::move(sending);
  co_return read_reply(std::move(answer));
}

Task<ReplyOrAnswer> read_gateway(const RouteContext& context, const ApiCall& call,
                                 std::string path) {
  GatewayRequest request("GET", std::move(path), call.caller, call.correlation_id);
  return ask_gateway(context, std::move(request), call.deadline, context.options.read_timeout);
}

ApiRoute route_of(const SharedContext& context, std::string method, std::string pattern,
                  ContextFunction answer, vx11::Scopes scopes) {
  ApiRoute route;
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  route.answer = [context, answer](const ApiCall& call) { return answer(context, call); };
  route.options.scopes = scopes;
  return route;
}

ApiRoutes gateway_routes(const Parts& parts, const GatewayRouteOptions& options) {
  const auto context = std::make_shared<const RouteContext>(parts, options);
  ApiRoutes routes;
  add_read_routes(routes, context);
  add_window_routes(routes, context);
  add_service_routes(routes, context);
  add_breaker_routes(routes, context);
  add_chat_routes(routes, context);
  return routes;
}

}  // namespace backend
