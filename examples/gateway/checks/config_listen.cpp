#include "gateway/checks/config_listen.hpp"

#include <vx11/net/socket_activation.hpp>
#include <vx11/net/trusted_proxies.hpp>

#include <string>

#include "gateway/checks/config_secrets.hpp"
#include "gateway/values/shown_text.hpp"
#include "gateway/values/values.hpp"

namespace gateway {

namespace {

/// Without a socket nothing is exposed, and the server does not start.
void settle_activated(Address& listen) {
  if (listen.kind != Address::Kind::systemd) return;
  const auto passed = vx11::activated_address();
  Address found;
  if (passed && !read(*passed, found)) {
    listen.passed = found.kind;
    listen.host = found.host;
    listen.port = found.port;
  }
}

void check_proxies(LoadedConfig& loaded) {
  const ServerConfig& server = loaded.config.server;
  for (const std::string& proxy : server.trusted_proxies) {
    const auto parsed = vx11::TrustedProxies::parse({proxy});
    if (parsed) continue;
    const bool is_shown = shown_value(proxy).has_value();
    complain(loaded, "server.trusted_proxies",
             is_shown ? parsed.error().detail
                      : "one entry is no address and no network, such as 10.0.0.0/8");
  }
  if (server.proxy_protocol == vx11::ProxyProtocol::required && server.trusted_proxies.empty()) {
    complain(loaded, "server.proxy_protocol",
             "is \"required\", but no proxy is trusted; name them in server.trusted_proxies");
  }
}

}  // namespace

void settle_listen(LoadedConfig& loaded) {
  settle_activated(loaded.config.server.listen);
  check_proxies(loaded);
}

void set_listen(vx11::ServeOptions& options, const ServerConfig& config) {
  const Address& listen = config.listen;
  options.listen = listen.kind == Address::Kind::systemd ? "systemd:" : to_string(listen);
  options.socket_mode = config.socket_mode.bits;
  options.trusted_proxies = config.trusted_proxies;
  options.proxy_protocol = config.proxy_protocol;
  options.client_header = config.client_header;
}

}  // namespace gateway
