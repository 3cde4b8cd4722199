// vx11-operator: the operator's backend of a VX11 system, a client of vx11-gateway.
//
// This file reads the command line and the configuration, and serves until a signal ends it.
#include <vx11/version.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "gateway/command_line.hpp"
#include "gateway/log/log.hpp"
#include "gateway/process/service_manager.hpp"
#include "gateway/process/signals.hpp"
#include "gateway/settings/config_load.hpp"
#include "gateway/settings/config_print.hpp"
#include "gateway/settings/unknown_variables.hpp"
#include "gateway/values/values.hpp"
#include "operator/backend_handler.hpp"
#include "operator/operator_program.hpp"
#include "operator/running_backend.hpp"

namespace backend {
namespace {

using gateway::GatewayConfig;
using gateway::Job;
using gateway::LoadedConfig;
using gateway::log_event;
using gateway::LogEvent;
using gateway::ServiceManager;

/// Reads the configuration as at the start.
using LoadConfig = std::function<LoadedConfig()>;

constexpr int kUsage = 2;

/// A host is shown as it is configured.
std::string address_of(const GatewayConfig& config, const gateway::Front& front) {
  gateway::Address listen = config.server.listen;
  if (listen.kind != gateway::Address::Kind::tcp) return front.url();
  listen.port = front.port();
  return fmt::format("{}://{}", config.server.tls.is_on() ? "https" : "http", to_string(listen));
}

void announce(const LoadedConfig& loaded, RunningBackend& backend) {
  log_event(LogEvent::backend_started, {{"version", VX11_VERSION_STRING},
                                        {"gateway", loaded.config.backend.gateway.url.value},
                                        {"file", loaded.config.backend.database.value},
                                        {"console", console_source(loaded.config.backend)}});
  for (const std::string& warning : loaded.warnings) {
    log_event(LogEvent::config_warning, {{"warning", warning}});
  }
  fmt::print("listening on {}\n", address_of(loaded.config, backend.front()));
  std::fflush(stdout);
}

/// Whatever the level of the log is.
[[nodiscard]] int fail_to_start(const vx11::Error& error, gateway::LogFormat format) {
  if (format == gateway::LogFormat::text) {
    fmt::print(stderr, "vx11-operator: {}\n", error.detail);
  } else {
    gateway::set_level(gateway::LogLevel::error);
    log_event(LogEvent::backend_not_started, {{"reason", error.detail}});
  }
  return EXIT_FAILURE;
}

/// At a terminal there is no balancer that has to notice.
void end(RunningBackend& backend, const ServiceManager& manager, int signal) {
  const vx11::Duration delay =
      signal == SIGINT ? vx11::Duration() : backend.config().server.drain_delay;
  manager.stopping("finishing requests in progress");
  log_event(LogEvent::backend_stopping,
            {{"signal", signal}, {"delay", gateway::unquoted(gateway::print(delay))}});
  backend.begin_to_drain();
  const std::size_t cut_off = backend.drain(delay);
  if (cut_off != 0) log_event(LogEvent::gateway_cut_off, {{"requests", cut_off}});
  log_event(LogEvent::backend_stopped);
}

void reload(RunningBackend& backend, const ServiceManager& manager, const LoadConfig& load) {
  manager.reloading("reading the configuration again");
  const bool is_in_force = backend.reload(load);
  backend.reopen_logs();
  manager.ready(is_in_force ? "serving" : "serving; the new configuration is refused");
}

int serve(const LoadedConfig& loaded, const LoadConfig& load) {
  const gateway::Signals signals;
  const GatewayConfig& config = loaded.config;
  gateway::start_log(config.log.level, config.log.format);
  auto made = RunningBackend::make(config);
  if (!made) return fail_to_start(made.error(), config.log.format);
  RunningBackend& backend = **made;
  if (const auto started = backend.start(); !started) {
    return fail_to_start(started.error(), config.log.format);
  }
  announce(loaded, backend);
  const ServiceManager manager(gateway::process_environment);
  manager.ready("serving");
  std::optional<gateway::Watchdog> watchdog;
  if (const auto limit = gateway::watchdog_limit(gateway::process_environment)) {
    watchdog.emplace(manager, *limit, [&backend] { return backend.front().has_turned(); });
  }
  const gateway::SignalHooks hooks{
      .every = std::chrono::seconds(1),
      .on_time = [&backend] { backend.tend(); },
      .on_hangup = [&backend, &manager, &load] { reload(backend, manager, load); }};
  end(backend, manager, signals.wait_for_stop(hooks));
  return EXIT_SUCCESS;
}

int report(const std::vector<gateway::Mistake>& mistakes, Job job) {
  for (const gateway::Mistake& mistake : mistakes) fmt::print(stderr, "{}\n", to_string(mistake));
  const bool is_machine =
      std::all_of(mistakes.begin(), mistakes.end(), [](const gateway::Mistake& mistake) {
        return mistake.kind == gateway::Mistake::Kind::machine;
      });
  return is_machine && job != Job::check_config ? EXIT_FAILURE : kUsage;
}

int run(int argc, const char* const* argv) {
  const gateway::Program& program = operator_program();
  gateway::CommandLine line = gateway::read_command_line(argc, argv, program);
  if (line.job == Job::print_text || line.job == Job::print_manual) {
    fmt::print("{}", line.job == Job::print_text ? line.text : gateway::print_manual(program));
    return EXIT_SUCCESS;
  }
  const LoadConfig load = [flags = std::move(line.flags), file = line.config_file, &program] {
    return gateway::load_config(flags, file, gateway::process_environment,
                                gateway::process_variables(), program);
  };
  const LoadedConfig loaded = load();
  if (!loaded.mistakes.empty()) return report(loaded.mistakes, line.job);
  if (line.job != Job::check_config) return serve(loaded, load);
  for (const std::string& warning : loaded.warnings) fmt::print(stderr, "warning: {}\n", warning);
  fmt::print("{}", gateway::print_config(loaded, program));
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace backend

int main(int argc, char** argv) {
  try {
    return backend::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "vx11-operator: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
