#include "gateway/config_settle.hpp"
#include "gateway/settings/program.hpp"

namespace gateway {

namespace {

constexpr std::string_view kAbout =
    "The VX11 gateway: chat, status and power state of a VX11 system behind one address.\n"
    "Without --madre and --switch it answers for madre itself.";
constexpr std::string_view kFooter =
    "Everything else is set in the file or by VX11_* variables: docs/configuration.md.\n"
    "Flags win over variables, variables over the file. Secrets have no flag, because a command\n"
    "line is visible to every user of the machine: use VX11_TENTACULO_LINK_TOKEN or a file.\n"
    "Named tokens with scopes: vx11-gateway token --help.\n"
    "Whether one runs, for containers: vx11-gateway healthcheck [URL].\n"
    "What one does, on a terminal: vx11-gateway top [URL].";

constexpr std::string_view kIntroduction =
    R"(<!-- Written by `vx11-gateway --print-settings-markdown`; do not edit. -->
# Configuration of vx11-gateway

`vx11-gateway` starts without any configuration. What is set comes from, in this order of
precedence: flags, environment variables, the TOML file given with `--config`, defaults.

- `vx11-gateway --check-config …` prints the settings in force with those flags, that environment
  and that file, and the origin of each value (exit code 0), with warnings on standard error; or
  every mistake, with file and line, variable or flag (exit code 2).
- A key that does not exist is a mistake; a variable `VX11_…` that no setting reads is a warning.
- An empty variable counts as not set; a warning names one that should hold a secret.
- Durations are text: a whole number with `h`, `m`, `s`, `ms`, `us` or `ns`.
- Lists are TOML lists; in a variable the words are separated by commas.
- Relative paths start at the working directory.
- Secrets have no flag, because a command line is visible to every user of the machine. They are
  never printed; nor are user and password in a URL.

Without `madre.url` the gateway answers in madre's place: the policy is solo_madre, power windows
cannot be opened and services cannot be started, and chats get a fixed answer that says so. Without
`switch.url` there is no switch.

```toml
[server]
listen = "127.0.0.1:8000"

[auth]
token_file = "/etc/vx11/token"

[switch]
url = "http://127.0.0.1:8002"
limit = "10s"

[switch.breaker]
open_for = "30s"

[madre]
url = "http://127.0.0.1:8001"
```

Other upstreams of chats are tables `[targets.NAME]`. `[routes.NAME]` brings them into an order, and
`[groups.NAME]` makes several of them one step of it: [upstreams.md](upstreams.md) has whole files.
)";

}  // namespace

const Program& gateway_program() {
  static const Program program{.name = "vx11-gateway",
                               .about = kAbout,
                               .footer = kFooter,
                               .manual_introduction = kIntroduction,
                               .secrets_hint = "set VX11_TENTACULO_LINK_TOKEN or auth.token_file",
                               .settings = gateway_settings(),
                               .headline = describe_upstreams,
                               .settle = settle,
                               .has_telemetry_manual = true};
  return program;
}

}  // namespace gateway
