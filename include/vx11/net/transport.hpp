#pragma once

/// \file
/// The event-driven transport: thousands of concurrent calls on a few threads.

#include <vx11/export.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/name_lookup.hpp>
#include <vx11/streaming.hpp>
#include <vx11/transport/counters.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

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
  /// A POST or PATCH that a kept connection swallowed is sent again on a new one only if the
  /// connection was closed this soon after it was sent; zero: never. When the upstream's closing
  /// and the request cross, that takes one way through the network. An upstream that closes later
  /// may have begun with the request, which would then be carried out twice.
  Duration resend_within = std::chrono::seconds(1);
  /// PEM file of certificate authorities for https. Empty: the system's.
  std::string ca_file = {};
  /// PEM file with the certificate that identifies this client to servers that ask for one,
  /// followed by those of its authorities. Empty: none is sent.
  std::string certificate_file = {};
  /// PEM file with its key, not encrypted.
  std::string key_file = {};
  /// Keys that an https server's certificate must have one of, beside the usual verification: each
  /// `sha256//` and the base64 of the SHA-256 of the public key (SubjectPublicKeyInfo), as
  /// `curl --pinnedpubkey` takes them. With that of the next key as a second one, a server can
  /// change its key. Empty: any key.
  std::vector<std::string> pins{};
  /// How long the addresses of a host name are used if the resolver does not say; the system's
  /// never does. Long enough that a burst of new connections causes one look-up, short enough to
  /// follow a service that moves. If none of the cached addresses accepts, the name is looked up at
  /// once.
  Duration name_cache = std::chrono::seconds(30);
  /// Resolves names in place of the system's resolver, for example in tests. Empty: the system's.
  NameLookup look_up = {};
  /// Counts for metrics; null: nothing is counted.
  std::shared_ptr<TransportCounters> counters = {};
  /// The same for the calls to one origin each, by `Url::text`: what is counted here is counted
  /// there, too. Calls to other origins are counted in `counters` alone. Default: none, because
  /// only the program knows which origins are few enough to count each by itself.
  std::map<std::string, std::shared_ptr<TransportCounters>, std::less<>> counters_by_origin{};
};

/// Reads the files for https, which the transport reads when it first connects.
/// \return `invalid_argument` if one cannot be read, the key is not the certificate's, or a pin is
///         malformed
VX11_API Result<> validate(const NetTransportOptions& options);

/// Creates the transport. Thread-safe; may be shared; must outlive its calls.
///
/// Awaited on a thread of an `HttpServer`, a call runs on that thread's event loop. Awaited
/// elsewhere, also under `sync_wait`, it runs on the transport's own event loop (one background
/// thread), and the coroutine resumes there.
///
/// Names are resolved on threads of the transport, each name once at a time, and cached; while a
/// look-up hangs or fails, the addresses from before are used. Addresses are tried 250 ms apart,
/// alternating the families (following RFC 8305).
///
/// If a reused connection turns out closed, or is answered 408, before any other byte of a
/// response, the request is sent once more on a new connection; a POST or PATCH only within
/// `resend_within`, or after a 408. For `https://` upstreams the certificate and host name are
/// verified.
///
/// If this process is out of descriptors, memory, threads or ports, a call ends with `exhausted`.
VX11_API std::shared_ptr<StreamingTransport> make_net_transport(NetTransportOptions options = {});

}  // namespace v0
}  // namespace vx11
