#include "gateway/front.hpp"

#include <vx11/net/transport.hpp>

#include <algorithm>
#include <functional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "gateway/checks/config_listen.hpp"
#include "gateway/config/machine.hpp"
#include "gateway/log/log.hpp"

/// mimalloc's; null where the program is not linked with it.
extern "C" void mi_collect(bool force) noexcept __attribute__((weak));

namespace gateway {

namespace {

/// Lowers `connections` where the limit of open files is too low for them.
/// \return a warning if it did, empty otherwise
std::string fit_into_file_limit(std::size_t& connections) {
  const std::size_t files = raise_file_limit();
  const std::size_t wanted = connections;
  connections = std::min(wanted, connections_within(files));
  if (connections == wanted) return {};
  return fmt::format(
      "server.max_connections is {} instead of {}: only {} files may be open (ulimit -n)",
      connections, wanted, files);
}

/// mimalloc gives the memory that a burst of requests has left to the system while it allocates
/// more from it, so a gateway whose streams then wait would keep that memory for as long.
std::function<void()> memory_return() {
  if (mi_collect == nullptr) return {};
  return [] { mi_collect(false); };
}

void set_tls(vx11::NetTransportOptions& options, const UpstreamTlsConfig& tls) {
  options.ca_file = tls.ca_file.value;
  options.certificate_file = tls.certificate_file.value;
  options.key_file = tls.certificate_key_file.value;
  options.pins = tls.pins;
}

}  // namespace

vx11::Result<void> Front::start(const vx11::HttpHandler& api) {
  if (!warning_.empty()) {
    log_event(LogEvent::server_fewer_connections, {{"warning", warning_}});
  }
  try {
    running_ = std::thread([this, &api] { cut_off_ = server_.run(api); });
    return {};
  } catch (const std::system_error& error) {
    return vx11::fail(vx11::Errc::exhausted,
                      fmt::format("no thread can be started: {}", error.code().message()));
  }
}

std::size_t Front::drain(Duration grace, Duration delay) {
  if (!running_.joinable()) return 0;
  server_.stop(grace, delay);
  running_.join();
  return cut_off_;
}

vx11::Result<std::unique_ptr<Front>> bind_front(const GatewayConfig& config,
                                                vx11::SharedEvents decisions) {
  vx11::ServeOptions options;
  set_listen(options, config.server);
  options.threads = config.server.threads;
  options.limits.connections = config.server.max_connections;
  std::string warning = fit_into_file_limit(options.limits.connections);
  options.limits.idle_timeout = config.server.idle_timeout;
  options.limits.connections_per_address = config.server.max_connections_per_address;
  options.limits.unsent_bytes = config.server.max_unsent_bytes;
  auto events = std::make_shared<ServerEvents>();
  options.on_event = [events](vx11::ServerEvent event) { events->note(event); };
  options.events = std::move(decisions);
  options.after_work = memory_return();
  auto tls = make_listener_tls(config.server.tls);
  if (!tls) return vx11::fail(std::move(tls.error()));
  options.tls = tls->identity;
  auto server = vx11::HttpServer::bind(std::move(options));
  if (!server) return vx11::fail(std::move(server.error()));
  return std::make_unique<Front>(*std::move(server), std::move(events), *std::move(tls),
                                 std::move(warning));
}

NetworkTransport make_network_transports(const GatewayConfig& config,
                                         const CountersByOrigin& counters,
                                         LastingTransports& transports) {
  return [&transports, counters, silence = config.chat.stream_silence,
          name_cache = config.upstream.name_cache](const UpstreamConfig& upstream) {
    vx11::NetTransportOptions options;
    options.between_chunks_timeout = silence;
    options.name_cache = name_cache;
    options.counters_by_origin = counters;
    set_tls(options, upstream.tls);
    return transports.get(std::move(options));
  };
}

TargetTransport make_target_transports(const GatewayConfig& config,
                                       const CountersByOrigin& counters,
                                       LastingTransports& transports) {
  return
      [&transports, counters, name_cache = config.upstream.name_cache](const TargetConfig& target) {
        vx11::NetTransportOptions options;
        options.connect_timeout = target.connect_limit;
        options.between_chunks_timeout = target.silence;
        set_tls(options, target.tls);
        options.name_cache = name_cache;
        options.counters_by_origin = counters;
        return transports.get(std::move(options));
      };
}

}  // namespace gateway
