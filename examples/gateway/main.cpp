// vx11-gateway: the operator endpoints of a VX11 system behind one address.
//
// This file only creates the parts of libvx11 from the configuration and connects them to an
// OperatorApi behind the server.
#include <vx11/net/timer.hpp>
#include <vx11/operator_api.hpp>
#include <vx11/store/memory.hpp>
#include <vx11/store/sqlite.hpp>
#include <vx11/version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "authenticator.hpp"
#include "command_line.hpp"
#include "config_load.hpp"
#include "config_print.hpp"
#include "front.hpp"
#include "health.hpp"
#include "log.hpp"
#include "signals.hpp"
#include "upstreams.hpp"

namespace gateway {
namespace {

using vx11::Result;

constexpr int kUsage = 2;

Result<vx11::Router> make_router(const GatewayConfig& config, const Upstreams& upstreams) {
  const auto target = [](const Upstream& upstream) {
    return vx11::RouterTarget{.name = upstream.name,
                              .url = upstream.origin,
                              .transport = upstream.transport,
                              .try_timeout = upstream.limit,
                              .breaker = upstream.breaker,
                              .headers = upstream.headers};
  };
  vx11::RouterOptions options{.total_timeout = config.chat.deadline,
                              .last_resorts = config.chat.last_resorts};
  if (upstreams.switch_) options.targets.push_back(target(*upstreams.switch_));
  options.targets.push_back(target(upstreams.madre));
  return vx11::Router::create(std::move(options));
}

Result<std::shared_ptr<vx11::SessionStore>> make_sessions(const SessionsConfig& config) {
  if (!config.store.sqlite_path) return vx11::make_memory_session_store({.limits = config.limits});
  return vx11::open_sqlite_session_store(*config.store.sqlite_path, {.limits = config.limits});
}

Result<vx11::OperatorApi> make_api(const GatewayConfig& config, std::uint16_t own_port) {
  const Upstreams upstreams = make_upstreams(config, make_transport(config));
  auto auth = make_authenticator(config.auth);
  if (!auth) return vx11::fail(std::move(auth.error()));
  auto router = make_router(config, upstreams);
  if (!router) return vx11::fail(std::move(router.error()));
  auto health = make_health(config, upstreams, own_port);
  if (!health) return vx11::fail(std::move(health.error()));
  auto sessions = make_sessions(config.sessions);
  if (!sessions) return vx11::fail(std::move(sessions.error()));
  const Upstream& madre = upstreams.madre;
  const bool open_metrics = config.metrics.open || is_loopback(config.server.listen);
  return vx11::OperatorApi::create(
      {.auth = *std::move(auth),
       .router = *std::move(router),
       .health = *std::move(health),
       .power = std::make_shared<const vx11::PowerStateClient>(
           madre.transport, madre.origin,
           vx11::PowerOptions{.headers = madre.headers, .breaker = madre.breaker}),
       .sessions = *std::move(sessions),
       .max_body_bytes = config.limits.max_body_bytes,
       .max_message_bytes = config.limits.max_message_bytes,
       .metrics = open_metrics ? vx11::MetricsAccess::everyone : vx11::MetricsAccess::with_token,
       .stream = {.silence = config.chat.stream_silence,
                  .total = config.chat.stream_deadline,
                  .head_after = config.chat.head_after,
                  .heartbeat = config.chat.heartbeat},
       .timer = vx11::make_net_timer()});
}

void announce(const LoadedConfig& loaded, const Address& address) {
  const GatewayConfig& config = loaded.config;
  spdlog::info("vx11-gateway " VX11_VERSION_STRING "; {}; sessions: {}", describe_upstreams(config),
               print(config.sessions.store));
  for (const std::string& warning : loaded.warnings) spdlog::warn("{}", warning);
  fmt::print("listening on http://{}\n", to_string(address));
  std::fflush(stdout);
}

[[nodiscard]] int fail_to_start(const vx11::Error& error) {
  fmt::print(stderr, "vx11-gateway: {}\n", error.detail);
  return EXIT_FAILURE;
}

int serve(const LoadedConfig& loaded) {
  const GatewayConfig& config = loaded.config;
  const StopSignals signals;
  start_log(config.log.level);
  const auto front = bind_front(config);
  if (!front) return fail_to_start(front.error());
  const Address address{.host = config.server.listen.host, .port = (*front)->port()};
  auto api = make_api(config, address.port);
  if (!api) return fail_to_start(api.error());
  (*front)->start(*api);
  announce(loaded, address);

  const int signal = signals.wait();
  spdlog::info("signal {}: finishing what is under way", signal);
  api->drain();
  const std::size_t cut_off = (*front)->drain(config.server.shutdown_grace);
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
  CommandLine line = read_command_line(argc, argv);
  if (line.job == Job::print_text) {
    fmt::print("{}", line.text);
    return EXIT_SUCCESS;
  }
  if (line.job == Job::print_manual) {
    fmt::print("{}", print_manual());
    return EXIT_SUCCESS;
  }
  const auto loaded = load_config(std::move(line.flags), line.config_file, process_environment);
  if (!loaded.mistakes.empty()) return report(loaded.mistakes, line.job);
  if (line.job != Job::check_config) return serve(loaded);
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
