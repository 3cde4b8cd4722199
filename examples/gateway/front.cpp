#include "front.hpp"

#include <vx11/net/transport.hpp>

#include <sys/resource.h>

namespace gateway {

namespace {

/// Each connection needs a descriptor; the usual soft limit of 1024 is too low for a server.
void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
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
  allow_many_files();
  vx11::ServeOptions options;
  options.listen = to_string(config.server.listen);
  options.threads = config.server.threads;
  options.limits.connections = config.server.max_connections;
  options.limits.connections_per_address = config.server.max_connections_per_address;
  auto server = vx11::HttpServer::bind(std::move(options));
  if (!server) return vx11::fail(std::move(server.error()));
  return std::make_unique<Front>(*std::move(server));
}

std::shared_ptr<vx11::Transport> make_transport(const GatewayConfig& config) {
  vx11::NetTransportOptions options;
  options.between_chunks_timeout = config.chat.stream_silence;
  return vx11::make_net_transport(std::move(options));
}

}  // namespace gateway
