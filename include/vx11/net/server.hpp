#pragma once

/// \file
/// The event-driven server: serves an `OperatorApi`, application routes, or both, to thousands of
/// connections on a few threads.

#include <vx11/clock.hpp>
#include <vx11/detail/owned.hpp>
#include <vx11/events.hpp>
#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/http_routes.hpp>
#include <vx11/net/server_tls.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vx11 {
inline namespace v0 {

/// Limits per client connection. The status sent when a limit is exceeded is given with the limit.
struct ServerLimits {
  std::size_t head_bytes = 16 * 1024;   ///< Request line and header fields: 431.
  std::size_t header_count = 100;       ///< Header fields: 431.
  std::size_t target_bytes = 4 * 1024;  ///< Path and query: 414.
  /// From accepting a connection to the end of its PROXY header and its TLS handshake: closed.
  Duration handshake_timeout = std::chrono::seconds(10);
  /// From accepting a connection, or the end of its TLS handshake, to its first byte: closed
  /// without a response. Shorter than `idle_timeout`: a client that connects is about to send.
  Duration first_byte_timeout = std::chrono::seconds(10);
  /// From the first byte of a request to the end of its head: 408. A total, so slow trickling does
  /// not extend it.
  Duration head_timeout = std::chrono::seconds(10);
  /// From the end of the head to the end of the body: 408.
  Duration body_timeout = std::chrono::seconds(30);
  /// Idle time between requests: the connection is closed without a response. Longer than the 120 s
  /// for which proxies (Caddy, Traffic Server) keep idle connections: the side that sends requests
  /// must close first, or a request meets a closed connection.
  Duration idle_timeout = std::chrono::seconds(125);
  /// For the client to accept a response, or one piece of a stream: the connection is closed.
  Duration send_timeout = std::chrono::seconds(30);
  /// Answers that wait for their clients, all connections together. Each counts in full, as long as
  /// the sockets' own buffers have not taken all of it. Above the bound, the connections whose
  /// clients have accepted nothing for longest are closed; those with small answers last, since
  /// they would free next to nothing. The connection of an answer that exceeds the bound alone is
  /// closed, and no other. The default is some thousand answers of usual size, or as many large
  /// sessions as fit the memory of a small machine.
  std::size_t unsent_bytes = std::size_t{256} * 1024 * 1024;
  /// Total: above it, the connection that has been idle for longest is closed, if it has been so
  /// for `evictable_after`; else the new one is answered 503 and closed.
  std::size_t connections = 20'000;
  /// A client between two requests that follow each other is not idle.
  Duration evictable_after = std::chrono::seconds(1);
  /// From one address: 503 and closed. Defaults to the total, because behind a proxy all clients
  /// share its address; use about 100 where clients connect directly, or where proxies announce
  /// them by the PROXY protocol. Connections over a Unix-domain socket have no address and are not
  /// limited by it.
  std::size_t connections_per_address = 20'000;
  /// Connections above these limits that may still ask for `ServeOptions::reserved_targets`, so
  /// that probes see a busy server as what it is. Each is answered once, and has two seconds to
  /// ask.
  std::size_t reserved_connections = 64;
  /// A client that shuts down its sending side while its request is in progress has left, and the
  /// request is cancelled; unless it does so within this time of the request's end: then it has
  /// only said that no further request follows, and is answered. Zero: it has always left.
  Duration half_close_within = std::chrono::milliseconds(2);
};

/// What happens to a server beside requests.
enum class ServerEvent : std::uint8_t {
  turned_away,         ///< A connection was closed for want of room.
  evicted,             ///< An idle connection was closed to make room.
  accept_failed,       ///< The system is out of descriptors or memory; accepting is retried later.
  fewer_threads,       ///< A thread could not be started: the server runs fewer loops.
  slow_reader_closed,  ///< A connection was closed: see `ServerLimits::unsent_bytes`.
  handshake_failed,    ///< A client could not agree on a TLS session, or took too long.
  /// A connection was closed for its PROXY header: malformed, late, or not of a trusted proxy.
  proxy_header_refused,
};

/// Whether connections begin with a header of the PROXY protocol.
enum class ProxyProtocol : std::uint8_t {
  off,
  /// Version 1 or 2, from a trusted proxy. Every other connection is closed, as the protocol
  /// demands: a header that may be absent could be sent by anyone.
  required,
};

/// The header in which trusted proxies name the client of a request.
enum class ClientHeader : std::uint8_t {
  x_forwarded_for,  ///< `X-Forwarded-For`: a list of addresses.
  forwarded,        ///< `Forwarded` (RFC 7239): `for=` of each element.
  none,             ///< Headers are not believed.
};

/// Configuration of `HttpServer`.
struct ServeOptions {
  /// One of
  /// - `host:port` with a numeric address, IPv6 in brackets. Port 0 picks a free one.
  /// - `unix:/path`: a Unix-domain socket. The file that a server left behind which has ended is
  ///   replaced; one of a server that listens, and a file of another kind, are errors. It is
  ///   removed when the server stops listening.
  /// - `systemd:`: the one socket that systemd passed to this process (socket activation). `bind`
  ///   removes `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` from the environment, so call it
  ///   before there are threads that read it.
  std::string listen = "127.0.0.1:8000";
  /// Permissions of the file of `unix:/path`. To connect one needs the right to write: by default
  /// the user and the group of this process have it.
  unsigned socket_mode = 0660;
  /// Event loops, one thread each; at least 1. One loop serves about 50,000 requests per second, so
  /// use more only when one core is not enough.
  unsigned threads = 2;
  ServerLimits limits = {};
  /// Null: plain HTTP.
  std::shared_ptr<const ServerTls> tls = {};
  /// Proxies that are believed about who their clients are: addresses, networks (`10.0.0.0/8`,
  /// `fd00::/8`), and `unix` for connections over a Unix-domain socket. Each must replace or append
  /// to the `client_header` that it receives, or clients could choose their address.
  std::vector<std::string> trusted_proxies{};
  /// The header precedes TLS.
  ProxyProtocol proxy_protocol = ProxyProtocol::off;
  /// Of requests by a trusted proxy, and after a PROXY header of those whose client it names is
  /// one. The client is the last address of the list that is not of a trusted proxy; an element
  /// that is no address ends the search.
  ClientHeader client_header = ClientHeader::x_forwarded_for;
  /// Paths that are answered on reserved connections. They should cost little and wait for nothing.
  std::vector<std::string> reserved_targets = {"/livez", "/readyz", "/health", "/operator/status"};
  /// Called on a loop's thread; must not block or throw. Empty: nothing is reported.
  std::function<void(ServerEvent)> on_event = {};
  /// Receives the same as `server_…` events, whose `Event::name` is `name`. Empty, the default:
  /// nothing is reported.
  SharedEvents events = {};
  std::string name = "server";  ///< For `Event::name`; nothing else depends on it.
  /// Called on each loop's thread one second after the first event since the last call, so at most
  /// once a second; must not block or throw. Events are ready sockets and work from other threads;
  /// timers alone are none. For what is due in each thread, such as giving freed memory back to the
  /// system. Empty: nothing is called.
  std::function<void()> after_work = {};
};

/// How busy one event loop of a server is.
struct LoopFigures {
  std::uint64_t turns = 0;     ///< How often it has handled what was ready.
  Duration busy = {};          ///< Time in turns; the rest it has waited.
  Duration longest_turn = {};  ///< Of the last one to two minutes with any.
};

/// An HTTP/1.1 server (RFC 9112) with keep-alive, pipelining and strict parsing.
///
/// Call `bind`, then `run` on one thread; `stop` is thread-safe. A client disconnect fires the stop
/// token of its request's deadline. Destroy the server only after `run` has returned.
class VX11_API HttpServer {
 public:
  /// Binds the address.
  /// \return `invalid_argument` if it, or a trusted proxy, is malformed, `address_unavailable` if
  ///         it is in use or not local, or systemd passed no socket that can be used, `exhausted`
  ///         if the system is out of descriptors or memory
  static Result<HttpServer> bind(ServeOptions options);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();

  /// The bound port; 0 of a Unix-domain socket.
  std::uint16_t port() const noexcept;
  /// `http://host:port`, or `https://host:port` with `ServeOptions::tls`; `unix:/path` of a
  /// Unix-domain socket.
  std::string url() const;

  /// Bytes of the answers that wait for their clients; each counts in full until it has been sent.
  /// Thread-safe.
  std::size_t unsent_bytes() const;
  /// Whether new connections are accepted: the server runs, its listener is open, and the last
  /// attempt to accept did not fail for want of descriptors or memory. Thread-safe.
  bool is_accepting() const noexcept;
  /// The number of event loops.
  std::size_t loops() const noexcept;
  /// Of loop `at`, below `loops`; all zero if it does not run. Thread-safe.
  LoopFigures loop_figures(std::size_t at) const noexcept;
  /// Connections of clients that are open. Thread-safe.
  std::size_t connections() const;
  /// Whether every event loop has turned since the last call, for a watchdog: a handler that blocks
  /// stops its loop, and this returns false until it continues. The first call returns true. Idle
  /// loops are woken. May be called on any thread, but on one at a time; false once `run` has
  /// returned.
  bool has_turned() noexcept;

  /// Serves until stopped and drained. Blocks; the calling thread runs one of the loops. Until it
  /// returns, all loop threads request short time slices (Linux 6.12 or newer). Where the system
  /// cannot start a thread, there are fewer loops.
  /// \return the number of connections closed in the middle of a request
  ///
  /// `handler` is an `OperatorApi`, the result of `HttpRoutes::build`, or a custom handler; it must
  /// outlive the call.
  std::size_t run(const HttpHandler& handler);
  /// Stops the server; `run` returns when requests in progress have finished, at the latest after
  /// `grace`. A second call makes it return at once. Thread-safe.
  ///
  /// For `drain_delay` it still accepts connections, and answers each request with `Connection:
  /// close`, so that balancers and the pools of proxies move away; then it answers what the system
  /// has accepted for it, closes the listener, and closes idle connections.
  void stop(Duration grace = std::chrono::seconds(10), Duration drain_delay = {}) noexcept;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl) noexcept;
  detail::Owned<Impl> impl_;
};

/// Binds and serves until SIGINT or SIGTERM, which drains `handler`; a second signal ends it
/// without waiting.
/// \return the error of `HttpServer::bind`; `exhausted` if the thread for signals cannot be started
VX11_API Result<void> serve(HttpHandler& handler, ServeOptions options = {});

/// The same for `routes`.
/// \return also the errors of `HttpRoutes::build`
VX11_API Result<void> serve(const HttpRoutes& routes, ServeOptions options = {});

}  // namespace v0
}  // namespace vx11
