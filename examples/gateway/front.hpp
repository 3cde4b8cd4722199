#pragma once

/// \file
/// The event-driven server in front of the APIs, and the transport to the upstreams.

#include <vx11/http_handler.hpp>
#include <vx11/net/server.hpp>
#include <vx11/result.hpp>
#include <vx11/streaming.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "gateway/config/config.hpp"
#include "gateway/gateway_state.hpp"
#include "gateway/listener_tls.hpp"
#include "gateway/metrics.hpp"
#include "gateway/telemetry/server_events.hpp"
#include "gateway/upstreams.hpp"

namespace gateway {

/// Bound to an address from construction; answers from `start` on. Not thread-safe.
class Front {
 public:
  /// \param warning logged at start; empty: none
  Front(vx11::HttpServer server, std::shared_ptr<const ServerEvents> events, ListenerTls tls,
        std::string warning = {})
      : server_(std::move(server)),
        events_(std::move(events)),
        tls_(std::move(tls)),
        warning_(std::move(warning)) {}
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  ~Front() { drain({}); }

  /// The port actually bound; 0 of a Unix-domain socket.
  std::uint16_t port() const { return server_.port(); }
  /// Where clients connect: `http://host:port`, or `unix:/path`.
  std::string url() const { return server_.url(); }
  /// Whether new connections are accepted. Thread-safe.
  bool is_accepting() const noexcept { return server_.is_accepting(); }
  /// Whether every event loop has turned since the last call. On one thread at a time.
  bool has_turned() noexcept { return server_.has_turned(); }
  /// Bytes of the answers that wait for their clients; each counts in full until it has been sent.
  /// Thread-safe.
  std::size_t unsent_bytes() const { return server_.unsent_bytes(); }
  /// As `HttpServer`; thread-safe.
  std::size_t loops() const noexcept { return server_.loops(); }
  vx11::LoopFigures loop_figures(std::size_t at) const noexcept { return server_.loop_figures(at); }
  std::size_t connections() const { return server_.connections(); }
  const ServerEvents& events() const noexcept { return *events_; }
  const ListenerTls& tls() const noexcept { return tls_; }
  /// Answers requests through `api` on its own threads. `api` must outlive the front.
  /// \return `exhausted` if no thread can be started
  vx11::Result<void> start(const vx11::HttpHandler& api);
  /// Accepts connections for another `delay`, then waits up to `grace` for requests in progress.
  /// \return the number of requests that were aborted at the end of the grace time
  std::size_t drain(Duration grace, Duration delay = {});

 private:
  vx11::HttpServer server_;
  std::shared_ptr<const ServerEvents> events_;
  ListenerTls tls_;
  std::string warning_;
  std::thread running_;
  std::size_t cut_off_ = 0;
};

/// Binds the listen address.
/// \return `address_unavailable` with the system's reason if binding fails, `invalid_argument` if
///         the certificate cannot be used
/// \param decisions receives the events of the server
vx11::Result<std::unique_ptr<Front>> bind_front(const GatewayConfig& config,
                                                vx11::SharedEvents decisions = {});

/// The transports to switch and madre; with the same certificates and pins they share one.
/// \param transports those of an earlier configuration, of which an equal one is used again; not
///                   after the end of what it refers to
NetworkTransport make_network_transports(const GatewayConfig& config,
                                         const CountersByOrigin& counters,
                                         LastingTransports& transports);

/// The transports to named targets; targets with the same limits and certificates share one.
/// \param transports as of `make_network_transports`
TargetTransport make_target_transports(const GatewayConfig& config,
                                       const CountersByOrigin& counters,
                                       LastingTransports& transports);

}  // namespace gateway
