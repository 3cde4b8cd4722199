// vx11-upstream: a stand-in for VX11's madre, switch and hormiguero, and for model servers. See
// README.md beside this file.
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "control.hpp"
#include "hormiguero.hpp"
#include "journal.hpp"
#include "listener.hpp"
#include "loops.hpp"
#include "madre.hpp"
#include "models.hpp"
#include "options.hpp"
#include "site.hpp"
#include "switch.hpp"

namespace upstream {
namespace {

/// Raises the descriptor limit: thousands of slow requests need thousands of descriptors.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void announce(const char* name, const Listener& listener) {
  fmt::print("{} listening on {}\n", name, listener.url());
}

int serve(const Options& options) {
  Settings settings;
  if (options.deployed) settings.be_deployed();
  if (options.dialect) settings.dialect = *options.dialect;
  if (options.command_ms) settings.command_ms = *options.command_ms;
  settings.latency_ms = options.latency_ms;
  Ledger ledger;
  Madre madre(settings);
  Switch switcher(settings);
  Models models(settings, options.models_key);
  Hormiguero hormiguero;
  Control control(settings, ledger, madre);
  Site madre_site{madre, settings, ledger, ledger.madre, options.token};
  Site switch_site{switcher, settings, ledger, ledger.switch_, options.token};
  Site models_site{models, settings, ledger, ledger.models};
  Site hormiguero_site{hormiguero, settings, ledger, ledger.hormiguero, options.token};
  Site control_site{control, settings, ledger, ledger.control};

  // Declared after the sites: connections destroyed with the loops still use them.
  Loops loops(options.threads);
  std::optional<Listener> madre_listener;
  std::optional<Listener> switch_listener;
  if (options.madre) {
    madre_listener.emplace(loops, madre_site, *options.madre, Spread::all_loops);
    control.add({"madre", madre_site, *madre_listener});
    announce("madre", *madre_listener);
  }
  if (options.switch_) {
    switch_listener.emplace(loops, switch_site, *options.switch_, Spread::all_loops);
    control.add({"switch", switch_site, *switch_listener});
    madre_site.switch_endpoint = switch_listener->endpoint();
    announce("switch", *switch_listener);
  }
  std::optional<Listener> models_listener;
  if (options.models) {
    models_listener.emplace(loops, models_site, *options.models, Spread::all_loops);
    control.add({"models", models_site, *models_listener});
    announce("models", *models_listener);
  }
  std::optional<Listener> hormiguero_listener;
  if (options.hormiguero) {
    hormiguero_listener.emplace(loops, hormiguero_site, *options.hormiguero, Spread::all_loops);
    control.add({"hormiguero", hormiguero_site, *hormiguero_listener});
    announce("hormiguero", *hormiguero_listener);
  }
  Listener control_listener(loops, control_site, options.control, Spread::first_loop);
  announce("control", control_listener);

  asio::signal_set signals(loops.first(), SIGINT, SIGTERM);
  signals.async_wait([&loops](error_code, int) { loops.stop(); });
  fmt::print("ready\n");
  std::fflush(stdout);
  loops.run();
  return 0;
}

}  // namespace
}  // namespace upstream

int main(int argc, char** argv) {
  try {
    upstream::Options options;
    if (const auto exit_code = upstream::parse_options(argc, argv, options)) return *exit_code;
    upstream::raise_descriptor_limit();
    return upstream::serve(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "vx11-upstream: %s\n", error.what());
    return 1;
  }
}
