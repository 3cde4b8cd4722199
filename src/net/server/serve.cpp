#include <vx11/net/server.hpp>

#include <system_error>
#include <utility>

#include "net/server/signals.hpp"

namespace vx11 {
inline namespace v0 {

Result<void> serve(HttpHandler& handler, ServeOptions options) {
  auto server = HttpServer::bind(std::move(options));
  if (!server) return fail(server.error());
  try {
    const net_detail::TerminationSignals signals([&] {
      handler.drain();
      server->stop();
    });
    server->run(handler);
    return {};
  } catch (const std::system_error& error) {
    return fail(Errc::exhausted, error.what());
  }
}

Result<void> serve(const HttpRoutes& routes, ServeOptions options) {
  const auto handler = routes.build();
  if (!handler) return fail(handler.error());
  return serve(**handler, std::move(options));
}

}  // namespace v0
}  // namespace vx11
