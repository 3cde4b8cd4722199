// vx11-gateway: the operator endpoints of a VX11 system behind one address.
//
// This file reads the command line and the configuration, and serves until a signal ends it.
#include <vx11/version.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/auth/token_command.hpp"
#include "gateway/command_line.hpp"
#include "gateway/log/log.hpp"
#include "gateway/process/healthcheck_command.hpp"
#include "gateway/process/service_manager.hpp"
#include "gateway/process/signals.hpp"
#include "gateway/running_gateway.hpp"
#include "gateway/settings/config_load.hpp"
#include "gateway/settings/config_print.hpp"
#include "gateway/settings/unknown_variables.hpp"
#include "gateway/telemetry/telemetry_manual.hpp"
#include "gateway/top/top_command.hpp"

namespace gateway {
namespace {

using vx11::Result;

constexpr int kUsage = 2;

/// A gateway that is part of a system should not answer in madre's place unnoticed.
void warn_if_embedded(const GatewayConfig& config) {
  if (!config.madre_is_embedded()) return;
  log_event(LogEvent::gateway_embedded);
}

/// A host is shown as it is configured.
std::string address_of(const GatewayConfig& config, const Front& front) {
  Address listen = config.server.listen;
  if (listen.kind != Address::Kind::tcp) return front.url();
  listen.port = front.port();
  return fmt::format("{}://{}", config.server.tls.is_on() ? "https" : "http", to_string(listen));
}

void announce(const LoadedConfig& loaded, const std::string& address) {
  const GatewayConfig& config = loaded.config;
  log_event(LogEvent::gateway_started, {{"version", VX11_VERSION_STRING},
                                        {"upstreams", describe_upstreams(config)},
                                        {"sessions", unquoted(print(config.sessions.store))}});
  for (const std::string& warning : loaded.warnings) {
    log_event(LogEvent::config_warning, {{"warning", warning}});
  }
  warn_if_embedded(config);
  fmt::print("listening on {}\n", address);
  std::fflush(stdout);
}

/// Whatever the level of the log is.
[[nodiscard]] int fail_to_start(const vx11::Error& error, LogFormat format) {
  if (format == LogFormat::text) {
    fmt::print(stderr, "vx11-gateway: {}\n", error.detail);
  } else {
    set_level(LogLevel::error);
    log_event(LogEvent::gateway_not_started, {{"reason", error.detail}});
  }
  return EXIT_FAILURE;
}

ReloadResult reload(RunningGateway& gateway, const ServiceManager& manager) {
  manager.reloading("reading the configuration again");
  ReloadResult result = gateway.reload();
  manager.ready(result.mistakes.empty() ? "serving" : "serving; the new configuration is refused");
  return result;
}

/// The main thread reads files, which event loops may not, since it may block.
SignalHooks hooks_of(RunningGateway& gateway, const ServiceManager& manager) {
  const auto hang_up = [&] { gateway.reopen_logs(reload(gateway, manager)); };
  return {.every = std::chrono::seconds(1),
          .on_time = [&] { gateway.tend(); },
          .on_hangup = hang_up,
          .on_wake = [&] { gateway.answer_requests([&] { return reload(gateway, manager); }); }};
}

/// At a terminal there is no balancer that has to notice.
void end(RunningGateway& gateway, const ServiceManager& manager, int signal) {
  const Duration delay = signal == SIGINT ? Duration() : gateway.loaded().config.server.drain_delay;
  manager.stopping("finishing requests in progress");
  log_event(LogEvent::gateway_stopping, {{"signal", signal}, {"delay", unquoted(print(delay))}});
  gateway.begin_to_drain();
  const std::size_t cut_off = gateway.drain(delay);
  if (cut_off != 0) log_event(LogEvent::gateway_cut_off, {{"requests", cut_off}});
  log_event(LogEvent::gateway_stopped);
}

int serve(LoadedConfig loaded, LoadConfig load) {
  const Signals signals;
  const LogFormat format = loaded.config.log.format;
  start_log(loaded.config.log.level, format);
  auto made = RunningGateway::make(std::move(loaded), std::move(load), &Signals::wake);
  if (!made) return fail_to_start(made.error(), format);
  RunningGateway& gateway = **made;
  if (const auto started = gateway.start(); !started) {
    return fail_to_start(started.error(), format);
  }
  announce(gateway.loaded(), address_of(gateway.loaded().config, gateway.front()));
  const ServiceManager manager(process_environment);
  manager.ready("serving");
  std::optional<Watchdog> watchdog;
  if (const auto limit = watchdog_limit(process_environment)) {
    watchdog.emplace(manager, *limit, [&gateway] { return gateway.front().has_turned(); });
  }
  end(gateway, manager, signals.wait_for_stop(hooks_of(gateway, manager)));
  return EXIT_SUCCESS;
}

int report(const std::vector<Mistake>& mistakes, Job job) {
  for (const Mistake& mistake : mistakes) fmt::print(stderr, "{}\n", to_string(mistake));
  const bool is_machine = std::all_of(mistakes.begin(), mistakes.end(), [](const Mistake& m) {
    return m.kind == Mistake::Kind::machine;
  });
  return is_machine && job != Job::check_config ? EXIT_FAILURE : kUsage;
}

int run(int argc, const char* const* argv) {
  if (is_token_command(argc, argv)) return run_token_command(argc, argv);
  if (is_top_command(argc, argv)) return run_top_command(argc, argv);
  if (is_healthcheck_command(argc, argv)) return run_healthcheck_command(argc, argv);
  CommandLine line = read_command_line(argc, argv);
  if (line.job == Job::print_text) {
    fmt::print("{}", line.text);
    return EXIT_SUCCESS;
  }
  if (line.job == Job::print_manual) {
    fmt::print("{}", print_manual());
    return EXIT_SUCCESS;
  }
  if (line.job == Job::print_telemetry) {
    fmt::print("{}", print_telemetry());
    return EXIT_SUCCESS;
  }
  LoadConfig load = [flags = std::move(line.flags), file = line.config_file] {
    return load_config(flags, file, process_environment, process_variables());
  };
  LoadedConfig loaded = load();
  if (!loaded.mistakes.empty()) return report(loaded.mistakes, line.job);
  if (line.job != Job::check_config) return serve(std::move(loaded), std::move(load));
  for (const std::string& warning : loaded.warnings) fmt::print(stderr, "warning: {}\n", warning);
  fmt::print("{}", print_config(loaded));
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace gateway

int main(int argc, char** argv) {
  try {
    return gateway::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "vx11-gateway: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
