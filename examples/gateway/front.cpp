#include "front.hpp"

#include <vx11/net/transport.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "event_log.hpp"
#include "machine.hpp"

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

/// Logs the events of the server, at most one line a second of each kind.
class ServerEventLog {
 public:
  void operator()(vx11::ServerEvent event) {
    const auto left_out =
        limits_.at(static_cast<std::size_t>(event)).admit(vx11::SteadyClock().now());
    if (left_out) spdlog::warn("{} (times: {})", text_of(event), *left_out + 1);
  }

 private:
  static std::string_view text_of(vx11::ServerEvent event) {
    switch (event) {
      case vx11::ServerEvent::turned_away:
        return "a connection was answered 503: server.max_connections is reached";
      case vx11::ServerEvent::evicted:
        return "an idle connection was closed: server.max_connections is reached";
      case vx11::ServerEvent::accept_failed:
        return "a connection could not be accepted: no descriptor or memory is left";
      case vx11::ServerEvent::fewer_threads:
        return "a thread could not be started: there are fewer than server.threads";
    }
    return "event";
  }

  std::array<LineLimit, 4> limits_ = {};
};

/// mimalloc gives the memory that a burst of requests has left to the system while it allocates more
/// from it, so a gateway whose streams then wait would keep that memory for as long.
std::function<void()> memory_return() {
  if (mi_collect == nullptr) return {};
  return [] { mi_collect(false); };
}

}  // namespace

vx11::Result<void> Front::start(vx11::OperatorApi& api) {
  if (!warning_.empty()) spdlog::warn("{}", warning_);
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

vx11::Result<std::unique_ptr<Front>> bind_front(const GatewayConfig& config) {
  vx11::ServeOptions options;
  options.listen = to_string(config.server.listen);
  options.threads = config.server.threads;
  options.limits.connections = config.server.max_connections;
  std::string warning = fit_into_file_limit(options.limits.connections);
  options.limits.idle_timeout = config.server.idle_timeout;
  options.limits.connections_per_address = config.server.max_connections_per_address;
  options.on_event = [log = std::make_shared<ServerEventLog>()](vx11::ServerEvent event) {
    (*log)(event);
  };
  options.after_work = memory_return();
  auto server = vx11::HttpServer::bind(std::move(options));
  if (!server) return vx11::fail(std::move(server.error()));
  return std::make_unique<Front>(*std::move(server), std::move(warning));
}

std::shared_ptr<vx11::Transport> make_transport(const GatewayConfig& config) {
  vx11::NetTransportOptions options;
  options.between_chunks_timeout = config.chat.stream_silence;
  options.name_cache = config.upstream.name_cache;
  return vx11::make_net_transport(std::move(options));
}

}  // namespace gateway
