#pragma once

/// \file
/// The event-driven transport: thousands of calls under way on a few threads.

#include <vx11/export.hpp>
#include <vx11/streaming.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// The description of an event-driven transport.
struct NetTransportOptions {
  /// For resolving the name and connecting, all addresses together. An upstream one hop away
  /// answers a SYN in microseconds; a second allows for one that was lost.
  Duration connect_timeout = std::chrono::seconds(1);
  /// From the request sent to the first byte of the answer; by default only the deadline limits it,
  /// because a model thinks before it speaks.
  Duration first_byte_timeout = Duration::max();
  /// Between two pieces of a streamed answer: ends a silent stall.
  Duration between_chunks_timeout = std::chrono::seconds(30);
  std::size_t max_head_bytes = 16 * 1024;
  std::size_t max_body_bytes = 4 * 1024 * 1024;
  /// Connections kept open per upstream and event loop while nothing is sent.
  std::size_t max_idle = 1024;
  /// How long one is kept. Below the five seconds after which common servers (uvicorn, Node) close
  /// theirs, so that a request rarely meets a connection that is just being closed.
  Duration idle_timeout = std::chrono::seconds(4);
  /// Certificate authorities for https, PEM. Empty: the system's.
  std::string ca_file = {};
};

/// Makes one. Thread-safe; shared by all who send through it; outlives the calls under way.
///
/// Awaited on a thread of an `HttpServer`, a call stays on that thread's event loop. Awaited
/// anywhere else, also under `sync_wait`, it runs on an event loop of the transport's own, on one
/// background thread, and the coroutine goes on there.
///
/// Names are resolved anew for each connection, addresses tried in turn a quarter of a second
/// apart, of both families alternately (RFC 8305 in spirit). A connection that was kept and turns
/// out closed is replaced once, if no byte of an answer came and the request may be sent twice (RFC
/// 9110 §9.2.2). Upstreams behind `https://` have their certificate and name verified.
VX11_API std::shared_ptr<StreamingTransport> make_net_transport(NetTransportOptions options = {});

}  // namespace v0
}  // namespace vx11
