#include "operator/operator_program.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/checks/config_listen.hpp"
#include "gateway/checks/config_secrets.hpp"
#include "gateway/config_settle.hpp"
#include "gateway/fixed_settings.hpp"
#include "gateway/listener_tls.hpp"
#include "gateway/settings/named_tables.hpp"
#include "operator/operator_settings.hpp"

namespace backend {

namespace {

using gateway::Environment;
using gateway::GatewayConfig;
using gateway::LoadedConfig;

constexpr std::string_view kAbout =
    "The operator's backend of a VX11 system: console, API, events and WebSocket on one port.\n"
    "It connects to the gateway and to nothing else.";
constexpr std::string_view kFooter =
    "Everything else is set in the file or by VX11_OPERATOR_* variables:\n"
    "docs/operator-configuration.md. Flags win over variables, variables over the file. Secrets\n"
    "have no flag, because a command line is visible to every user of the machine.";

constexpr std::string_view kIntroduction =
    R"(<!-- Written by `vx11-operator --print-settings-markdown`; do not edit. -->
# Configuration of vx11-operator

`vx11-operator` starts without any configuration beside a vx11-gateway on the same machine. What is
set comes from, in this order of precedence: flags, environment variables, the TOML file given with
`--config`, defaults. Mistakes, types and `--check-config` are those of
[vx11-gateway](configuration.md); variables begin with `VX11_OPERATOR_`, so that both programs can
have one environment.

People log in with a token of the gateway, which confirms it; the backend has no list of tokens.

SIGHUP (`systemctl reload vx11-operator`) reads the configuration again, with the files that it
names, and opens the access log anew; connections, event streams and WebSockets stay. A
configuration with a mistake changes nothing, and the log says why. It says as well which changed
settings need a restart: those of the listener, `database.file`, `log.format` and `log.access`.
Certificates are also read again when their files change.

```toml
[server]
listen = "127.0.0.1:8011"

[gateway]
url = "http://127.0.0.1:8000"
token_file = "/etc/vx11/operator-token"

[database]
file = "/var/lib/vx11/operator.db"
```
)";

std::string headline(const GatewayConfig& config) {
  return fmt::format("gateway {}", config.backend.gateway.url.value);
}

GatewayConfig defaults() {
  constexpr std::uint16_t kPort = 8011;
  GatewayConfig config;
  config.server.listen.port = kPort;
  return config;
}

void settle_database(LoadedConfig& loaded, const Environment& environment) {
  constexpr std::string_view kKey = "database.file";
  if (!loaded.config.backend.database.value.empty()) return;
  if (const auto folder = gateway::state_folder(environment)) {
    loaded.config.backend.database.value = folder->path + "/vx11/operator.db";
    loaded.origins[std::string(kKey)] = {gateway::Origin::Source::standard,
                                         fmt::format("default, by {}", folder->from)};
  } else {
    gateway::complain(
        loaded, kKey,
        "neither XDG_STATE_HOME nor HOME says where to keep it; give --database FILE");
  }
}

void settle_gateway(LoadedConfig& loaded) {
  auto& link = loaded.config.backend.gateway;
  gateway::take_from_file(loaded, "gateway.token", link.token, link.token_file);
  if (link.url.value.empty()) {
    gateway::complain(loaded, "gateway.url", "is empty; give --gateway http://HOST:PORT");
  }
  if (link.token.value.empty()) {
    loaded.warnings.emplace_back(
        "gateway.token: none is set, so the gateway is not watched: events are only those of what "
        "people do here; set VX11_TENTACULO_LINK_TOKEN or gateway.token_file");
  }
}

/// One principal leaves half of the room to others, unless it is configured otherwise.
void settle_share(const LoadedConfig& loaded, std::string_view key, std::uint32_t all,
                  std::uint32_t& share) {
  const bool is_set = loaded.origin(key).source != gateway::Origin::Source::standard;
  if (!is_set) share = std::max(1U, all / 2);
}

void settle_shares(LoadedConfig& loaded) {
  auto& config = loaded.config.backend;
  settle_share(loaded, "websockets.per_principal", config.most_sockets,
               config.sockets_per_principal);
  settle_share(loaded, "events.streams_per_principal", config.most_streams,
               config.streams_per_principal);
}

void settle(LoadedConfig& loaded, const Environment& environment) {
  gateway::settle_listen(loaded);
  settle_gateway(loaded);
  settle_database(loaded, environment);
  settle_shares(loaded);
  gateway::check_listener_tls(loaded);
  gateway::check_origins(loaded, "server.origins", loaded.config.backend.origins);
  gateway::check_hosts(loaded, "server.hosts", loaded.config.server.hosts);
}

const gateway::SettingsTable& settings() {
  static const std::vector<gateway::NamedTables> none;
  static const gateway::SettingsTable table(operator_settings(), {}, none, "VX11_OPERATOR_");
  return table;
}

}  // namespace

std::vector<std::string> keep_fixed(const GatewayConfig& running, GatewayConfig& next) {
  const GatewayConfig wanted = next;
  gateway::keep_fixed(running, next);
  next.backend.database = running.backend.database;
  std::vector<std::string> changed;
  for (const gateway::Setting& setting : settings().all()) {
    const bool is_fixed = setting.key == "database.file" ||
                          (setting.key != "server.origins" && gateway::needs_restart(setting.key));
    if (is_fixed && !setting.field.is_same(running, wanted)) changed.emplace_back(setting.key);
  }
  return changed;
}

const gateway::Program& operator_program() {
  static const gateway::Program program{
      .name = "vx11-operator",
      .about = kAbout,
      .footer = kFooter,
      .manual_introduction = kIntroduction,
      .secrets_hint = "set VX11_TENTACULO_LINK_TOKEN or gateway.token_file",
      .settings = settings(),
      .defaults = defaults(),
      .headline = headline,
      .settle = settle};
  return program;
}

}  // namespace backend
