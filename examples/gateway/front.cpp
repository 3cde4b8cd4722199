#include "front.hpp"

#include <vx11/net/transport.hpp>

#include <algorithm>

#include <spdlog/spdlog.h>

#include "machine.hpp"

namespace gateway {

namespace {

/// `wanted`, or fewer connections where the limit of open files is too low for them.
std::size_t possible_connections(std::size_t wanted) {
  const std::size_t files = raise_file_limit();
  const std::size_t possible = std::min(wanted, connections_within(files));
  if (possible < wanted) {
    spdlog::warn(
        "server.max_connections is {} instead of {}: only {} files may be open (ulimit -n)",
        possible, wanted, files);
  }
  return possible;
}

}  // namespace

void Front::start(vx11::OperatorApi& api) {
  running_ = std::thread([this, &api] { cut_off_ = server_.run(api); });
}

std::size_t Front::drain(Duration grace) {
  if (!running_.joinable()) return 0;
  server_.stop(grace);
  running_.join();
  return cut_off_;
}

vx11::Result<std::unique_ptr<Front>> bind_front(const GatewayConfig& config) {
  vx11::ServeOptions options;
  options.listen = to_string(config.server.listen);
  options.threads = config.server.threads;
  options.limits.connections = possible_connections(config.server.max_connections);
  options.limits.idle_timeout = config.server.idle_timeout;
  options.limits.connections_per_address = config.server.max_connections_per_address;
  auto server = vx11::HttpServer::bind(std::move(options));
  if (!server) return vx11::fail(std::move(server.error()));
  return std::make_unique<Front>(*std::move(server));
}

std::shared_ptr<vx11::Transport> make_transport(const GatewayConfig& config) {
  vx11::NetTransportOptions options;
  options.between_chunks_timeout = config.chat.stream_silence;
  options.name_cache = config.upstream.name_cache;
  return vx11::make_net_transport(std::move(options));
}

}  // namespace gateway
