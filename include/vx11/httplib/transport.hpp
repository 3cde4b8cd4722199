#pragma once

/// \file
/// `HttplibTransport`: the blocking transport, on cpp-httplib.
///
/// Opt-in and header-only: compiled with the user's cpp-httplib macros. Rationale:
/// docs/design/httplib.md.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/http/detail/message_head.hpp>
#include <vx11/http_method.hpp>
#include <vx11/httplib/detail/connection.hpp>
#include <vx11/httplib/detail/dial.hpp>
#include <vx11/httplib/detail/pool.hpp>
#include <vx11/httplib/detail/tls.hpp>
#include <vx11/socket/name_lookup.hpp>
#include <vx11/transport.hpp>
#include <vx11/transport/counters.hpp>
#include <vx11/url.hpp>
#include <vx11/version.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <httplib.h>

namespace vx11 {
inline namespace v0 {

/// Configuration of `HttplibTransport`.
struct HttplibOptions {
  /// Limit for name look-up, connecting and the TLS handshake together. One second is ample within
  /// a data centre and leaves time for a fallback; a shorter call deadline takes precedence.
  Duration connect_timeout = std::chrono::seconds(1);
  /// The largest body of a response, in bytes; `too_large` above. 4 MiB is far above any chat.
  std::size_t max_response_bytes = 4 * 1024 * 1024;
  /// Idle connections kept per origin; each costs a socket. The number of sending threads is
  /// enough. Zero: a new connection for every request.
  std::size_t max_idle_per_origin = 16;
  /// How long an idle connection is kept. Many servers (cpp-httplib, Node.js, uvicorn) close after
  /// 5 s. A request sent at that moment may be lost without knowing whether the server saw it, so
  /// we close first.
  Duration idle_timeout = std::chrono::seconds(4);
  /// A POST or PATCH that a kept connection swallowed is sent again on a new one only if the
  /// connection was closed this soon after it was sent; zero: never. When the upstream's closing
  /// and the request cross, that takes one way through the network. An upstream that closes later
  /// may have begun with the request, which would then be carried out twice.
  Duration resend_within = std::chrono::seconds(1);
  /// Default, used where the request sets none.
  std::string user_agent = "libvx11/" VX11_VERSION_STRING;
  /// PEM file of trusted certificates for https, in place of the system's. Empty: the system's.
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
  /// Called with every new socket before it connects, to set options such as SO_KEEPALIVE. The
  /// transport keeps ownership of the socket. Must not throw.
  std::function<void(int)> on_socket = {};
  SteadyClock clock = {};
  /// How long the addresses of a host name are used if the resolver does not say; the system's
  /// never does. If none of the cached addresses accepts, the name is looked up at once.
  Duration name_cache = std::chrono::seconds(30);
  /// Resolves names in place of the system's resolver. Empty: the system's.
  NameLookup look_up = {};
  /// Counts for metrics; null: nothing is counted.
  std::shared_ptr<TransportCounters> counters = {};
};

/// Sends requests over HTTP/1.1 and blocks the calling thread until the response.
///
/// Connections are kept alive and reused per origin. `TCP_NODELAY` is set; head and body are sent
/// in one write. Redirects are not followed, compression is not requested, bodies are sent with
/// Content-Length. The request's own `Connection`, `Content-Length`, `Expect` and
/// `Transfer-Encoding` headers are dropped: the transport sets them.
///
/// **Deadlines** cover the whole exchange, including name look-up: every wait ends at the deadline
/// or when the stop token fires.
///
/// **Retry**: a request sent over a reused connection that was closed before a byte of a response,
/// or answered 408, is sent once more over a new connection; a POST or PATCH that was closed only
/// within `resend_within`.
///
/// **Names** are resolved on threads of the transport, each name once at a time, and cached; while
/// a look-up hangs or fails, the addresses from before are used.
///
/// **Shortages**: if this process is out of descriptors, memory, threads or ports, a call ends with
/// `exhausted`.
///
/// **Responses** keep headers in the order of the installed cpp-httplib (by name until 0.16);
/// versions before 0.20 decode percent signs in header values. A response that has a contradictory
/// length, is truncated or is not HTTP/1.1 is `invalid_reply`.
///
/// https works whether cpp-httplib was built with OpenSSL or not. Certificates are always verified,
/// by name or address.
///
/// **Thread-safe**; many threads may send at once. Needs POSIX sockets.
class HttplibTransport final : public Transport {
 public:
  explicit HttplibTransport(HttplibOptions options = {})
      : options_(std::move(options)),
        pool_(options_.max_idle_per_origin, options_.idle_timeout),
        resolver_({.look_up = options_.look_up, .keep = options_.name_cache}) {}

  using Transport::send;
  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    Result<HttpResponse> answer = carry_out_safely(request, deadline);
    const bool counts = !answer && answer.error().code == Errc::exhausted && options_.counters;
    if (counts) options_.counters->exhausted.fetch_add(1, std::memory_order_relaxed);
    co_return answer;
  }

 private:
  Result<HttpResponse> carry_out_safely(const HttpRequest& request, const Deadline& deadline) {
    try {
      return carry_out(request, deadline);
    } catch (const std::bad_alloc&) {
      return fail(Errc::exhausted, "no memory left for the call");
    } catch (...) {
      return fail(Errc::unreachable, "the request could not be carried out");
    }
  }

  Result<HttpResponse> carry_out(const HttpRequest& request, const Deadline& deadline) {
    const auto url = Url::parse(request.origin);
    if (!url) return fail(url.error());
    const std::string_view mistake = http_detail::mistake_in(request);
    if (!mistake.empty()) return fail(Errc::invalid_argument, std::string(mistake));
    std::string head;
    http_detail::append_request_head(head, request, url->authority(), options_.user_agent);

    const detail::StopSignal stop(deadline.stop_token());
    if (stop.exhausted()) return fail(Errc::exhausted, "no descriptor left");
    const detail::DeadlineWaiter waiter(deadline, options_.clock, stop);
    if (const auto end = waiter.exhausted()) return detail::gave_up(*end);
    const std::string origin = url->text();
    const TimePoint begun = options_.clock.now();
    if (auto kept = pool_.take(origin, begun)) {
      auto sent = exchange(request, origin, head, std::move(kept), waiter);
      if (!may_repeat(request, sent, begun)) return std::move(sent.answer);
      if (options_.counters) options_.counters->resent.fetch_add(1, std::memory_order_relaxed);
    }
    auto fresh = connect(*url, waiter.capped(options_.connect_timeout));
    if (!fresh) return fail(std::move(fresh.error()));
    return exchange(request, origin, head, std::move(*fresh), waiter).answer;
  }

  detail::Exchanged exchange(const HttpRequest& request, const std::string& origin,
                             std::string_view head, std::unique_ptr<detail::Connection> connection,
                             const detail::DeadlineWaiter& waiter) {
    auto sent = connection->exchange(request, head, options_.max_response_bytes, waiter);
    if (sent.reusable) pool_.give(origin, std::move(connection), options_.clock.now());
    return sent;
  }

  bool may_repeat(const HttpRequest& request, const detail::Exchanged& sent,
                  TimePoint begun) const {
    if (sent.answer) return sent.answer->status == 408;
    if (sent.answer.error().code != Errc::unreachable || sent.got_any) return false;
    return is_idempotent(request.method) || options_.clock.now() - begun < options_.resend_within;
  }

  Result<std::unique_ptr<detail::Connection>> connect(const Url& url,
                                                      const detail::DeadlineWaiter& waiter) {
    if (url.secure()) {
      const std::lock_guard lock(tls_mutex_);
      // Again after a failure, which may have been a shortage; a context never changes.
      if (!tls_ || !*tls_) {
        tls_ = TlsContext::make(options_.ca_file,
                                {.file = options_.certificate_file, .key_file = options_.key_file},
                                options_.pins);
      }
      if (!tls_) return fail(tls_.error());
    }
    auto fd = detail::dial(resolver_, url, waiter, options_.clock, options_.on_socket);
    if (!fd) return fail(std::move(fd.error()));
    if (!url.secure()) {
      return std::make_unique<detail::Connection>(
          std::make_unique<detail::SocketChannel>(std::move(*fd)));
    }
    auto channel = std::make_unique<detail::TlsChannel>(std::move(*fd), *tls_, url.host());
    if (auto secured = channel->handshake(waiter); !secured) return fail(secured.error());
    return std::make_unique<detail::Connection>(std::move(channel));
  }

  using TlsContext = socket_detail::TlsContext;

  const HttplibOptions options_;
  detail::ConnectionPool pool_;
  socket_detail::Resolver resolver_;
  std::mutex tls_mutex_;
  Result<std::shared_ptr<const TlsContext>> tls_ = nullptr;
};

}  // namespace v0
}  // namespace vx11
