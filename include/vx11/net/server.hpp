#pragma once

/// \file
/// The event-driven server: serves an `OperatorApi`, routes of one's own, or both, to thousands of
/// connections on a few threads.

#include <vx11/clock.hpp>
#include <vx11/export.hpp>
#include <vx11/http_handler.hpp>
#include <vx11/http_routes.hpp>
#include <vx11/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// What one client may take of the server. Every limit has an answer of its own, named with it.
struct ServerLimits {
  std::size_t head_bytes = 16 * 1024;   ///< Request line and header fields: 431.
  std::size_t header_count = 100;       ///< Header fields: 431.
  std::size_t target_bytes = 4 * 1024;  ///< Path and query: 414.
  /// From the first byte of a request to the end of its head: 408. Total, so that trickling does
  /// not help.
  Duration head_timeout = std::chrono::seconds(10);
  /// From the end of the head to the end of the body: 408.
  Duration body_timeout = std::chrono::seconds(30);
  /// Between requests: closed without a word.
  Duration idle_timeout = std::chrono::seconds(75);
  /// For the client to take an answer, or one piece of a stream: closed.
  Duration send_timeout = std::chrono::seconds(30);
  std::size_t connections = 20'000;  ///< In all: 503 and closed.
  /// From one address: 503 and closed. By default as many as in all, because behind a proxy every
  /// client has the proxy's address; take 100 or so where clients connect directly.
  std::size_t connections_per_address = 20'000;
};

/// The description of a server.
struct ServeOptions {
  /// `host:port` with a numeric address, IPv6 in brackets. Port 0 picks a free one.
  std::string listen = "127.0.0.1:8000";
  /// Event loops, each on a thread of its own; at least 1. One serves some 50,000 requests a
  /// second, so take more only when one core is not enough.
  unsigned threads = 2;
  ServerLimits limits = {};
};

/// An HTTP/1.1 server (RFC 9112) with keep-alive and pipelining, strict about what it reads.
///
/// `bind`, then `run`. One thread runs it; `stop` may be called from any. A client that disconnects
/// fires the stop token of its request's deadline. Destroy it after `run` has returned.
class VX11_API HttpServer {
 public:
  /// Takes the address.
  /// \return `invalid_argument` for a malformed one, `address_unavailable` for one that is
  ///         taken or not this machine's
  static Result<HttpServer> bind(ServeOptions options);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();

  /// The port it really has.
  std::uint16_t port() const noexcept;
  /// `http://host:port`.
  std::string url() const;

  /// Serves until stopped and drained. Blocks; the calling thread becomes one of the loops, and
  /// asks the scheduler for short turns until it returns, as they all do (Linux from 6.12 on).
  /// \return how many connections were cut off in the middle of a request
  ///
  /// `handler` is an `OperatorApi`, what `HttpRoutes::build` returned, or a handler of one's own; it
  /// outlives the call.
  std::size_t run(const HttpHandler& handler);
  /// Takes no new work and lets `run` return when what is under way is done, at the latest after
  /// `grace`; called again, at once. Thread-safe.
  void stop(Duration grace = std::chrono::seconds(10)) noexcept;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// Binds and serves until SIGINT or SIGTERM, which drains `handler`; a second signal ends without
/// waiting.
/// \return the error of `HttpServer::bind`
VX11_API Result<void> serve(HttpHandler& handler, ServeOptions options = {});

/// The same for what `routes` describe.
/// \return the mistakes of `HttpRoutes::build`, too
VX11_API Result<void> serve(const HttpRoutes& routes, ServeOptions options = {});

}  // namespace v0
}  // namespace vx11
