#pragma once

/// \file
/// The event-driven transport: thousands of concurrent calls on a few threads.

#include <vx11/export.hpp>
#include <vx11/streaming.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace vx11 {
inline namespace v0 {

/// Configuration of the event-driven transport.
struct NetTransportOptions {
  /// Name look-up and connecting, all addresses together. An upstream one hop away answers a SYN in
  /// microseconds; one second allows for one lost SYN.
  Duration connect_timeout = std::chrono::seconds(1);
  /// From the request sent to the first byte of the response. By default only the deadline limits
  /// it, because a model may compute for long before its first token.
  Duration first_byte_timeout = Duration::max();
  /// Between two pieces of a streamed response: detects a stalled stream.
  Duration between_chunks_timeout = std::chrono::seconds(30);
  std::size_t max_head_bytes = 16 * 1024;
  std::size_t max_body_bytes = 4 * 1024 * 1024;
  /// Idle connections kept open per upstream and event loop.
  std::size_t max_idle = 1024;
  /// How long an idle connection is kept. Below the five seconds after which common servers
  /// (uvicorn, Node) close theirs, so a request rarely meets a connection that is being closed.
  Duration idle_timeout = std::chrono::seconds(4);
  /// PEM file of certificate authorities for https. Empty: the system's.
  std::string ca_file = {};
};

/// Creates the transport. Thread-safe; may be shared; must outlive its calls.
///
/// Awaited on a thread of an `HttpServer`, a call runs on that thread's event loop. Awaited
/// elsewhere, also under `sync_wait`, it runs on the transport's own event loop (one background
/// thread), and the coroutine resumes there.
///
/// Names are resolved for each new connection; addresses are tried 250 ms apart, alternating the
/// families (following RFC 8305). If a reused connection turns out closed, the request is retried
/// once on a new one, provided no byte of a response arrived and the request is safe to repeat (RFC
/// 9110 §9.2.2). For `https://` upstreams the certificate and host name are verified.
VX11_API std::shared_ptr<StreamingTransport> make_net_transport(NetTransportOptions options = {});

}  // namespace v0
}  // namespace vx11
