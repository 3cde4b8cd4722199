// vx11-gateway: the operator endpoints of a VX11 system behind one address.
//
// This file reads the command line and the configuration, and serves the APIs that api.cpp makes of
// them until a signal ends it.
#include <vx11/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "api.hpp"
#include "authenticator.hpp"
#include "command_line.hpp"
#include "config_load.hpp"
#include "config_print.hpp"
#include "front.hpp"
#include "log.hpp"
#include "signals.hpp"
#include "token_command.hpp"
#include "unknown_variables.hpp"

namespace gateway {
namespace {

using vx11::Result;

constexpr int kUsage = 2;

/// A gateway that is part of a system should not answer in madre's place unnoticed.
void warn_if_embedded(const GatewayConfig& config) {
  if (!config.madre_is_embedded()) return;
  spdlog::warn(
      "madre.url is not set: this process answers in madre's place, with canned chat and without "
      "power windows; set VX11_MADRE_URL or madre.url, for example to http://madre:8001");
}

void announce(const LoadedConfig& loaded, const Address& address) {
  const GatewayConfig& config = loaded.config;
  spdlog::info("vx11-gateway " VX11_VERSION_STRING "; {}; sessions: {}", describe_upstreams(config),
               print(config.sessions.store));
  for (const std::string& warning : loaded.warnings) spdlog::warn("{}", warning);
  warn_if_embedded(config);
  fmt::print("listening on {}://{}\n", config.server.tls.is_on() ? "https" : "http",
             to_string(address));
  std::fflush(stdout);
}

[[nodiscard]] int fail_to_start(const vx11::Error& error) {
  fmt::print(stderr, "vx11-gateway: {}\n", error.detail);
  return EXIT_FAILURE;
}

/// The main thread reads files that have changed: it may block, which event loops may not.
SignalHooks hooks_of(std::vector<std::shared_ptr<WatchedFile>> watched) {
  std::erase(watched, nullptr);
  if (watched.empty()) return {};
  const auto all = [&](void (WatchedFile::*read)()) {
    return [watched, read] {
      for (const auto& file : watched) {
        try {
          (*file.*read)();
        } catch (const std::exception& error) {  // out of memory: tried again
          spdlog::error("a file was not read again: {}", error.what());
        }
      }
    };
  };
  return {.every = std::chrono::seconds(1),
          .on_time = all(&WatchedFile::refresh),
          .on_hangup = all(&WatchedFile::reload)};
}

int serve(const LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  const Signals signals;
  start_log(config.log.level);
  auto bound = bind_front(config);
  if (!bound) return fail_to_start(bound.error());
  const Address address{.host = config.server.listen.host, .port = (*bound)->port()};
  const auto credentials = make_credentials(config.auth);
  if (!credentials) return fail_to_start(credentials.error());
  auto api = make_api(config, **bound, *credentials);
  if (!api) return fail_to_start(api.error());
  const std::unique_ptr<Front> front = *std::move(bound);  // destroyed before the API it uses
  const auto started = front->start(**api);
  if (!started) return fail_to_start(started.error());
  announce(loaded, address);
  if (credentials->keys.watched) credentials->keys.watched->refresh();  // begins the first fetch

  const std::vector<std::shared_ptr<WatchedFile>> watched = {
      credentials->tokens.watched, credentials->keys.watched, front->tls().watched};
  const int signal = signals.wait_for_stop(hooks_of(watched));
  // At a terminal there is no balancer that has to notice.
  const Duration delay = signal == SIGINT ? Duration() : config.server.drain_delay;
  spdlog::info("signal {}: not ready any more; accepting connections for another {}", signal,
               print(delay));
  (*api)->drain();
  const std::size_t cut_off = front->drain(config.server.shutdown_grace, delay);
  if (cut_off != 0) spdlog::warn("{} requests were cut off", cut_off);
  spdlog::info("stopped");
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
  CommandLine line = read_command_line(argc, argv);
  if (line.job == Job::print_text) {
    fmt::print("{}", line.text);
    return EXIT_SUCCESS;
  }
  if (line.job == Job::print_manual) {
    fmt::print("{}", print_manual());
    return EXIT_SUCCESS;
  }
  const auto loaded = load_config(std::move(line.flags), line.config_file, process_environment,
                                  process_variables());
  if (!loaded.mistakes.empty()) return report(loaded.mistakes, line.job);
  if (line.job != Job::check_config) return serve(loaded);
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
