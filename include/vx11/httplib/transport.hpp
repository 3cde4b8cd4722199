#pragma once

/// \file
/// `HttplibTransport`: the blocking transport, on cpp-httplib.
///
/// Opt-in and header-only: it is compiled with the macros of the cpp-httplib that its user has.
/// Why: docs/design/httplib.md.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/http/detail/message_head.hpp>
#include <vx11/http_method.hpp>
#include <vx11/httplib/detail/connection.hpp>
#include <vx11/httplib/detail/dial.hpp>
#include <vx11/httplib/detail/pool.hpp>
#include <vx11/httplib/detail/tls.hpp>
#include <vx11/transport.hpp>
#include <vx11/url.hpp>
#include <vx11/version.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <httplib.h>

namespace vx11 {
inline namespace v0 {

/// The description of an `HttplibTransport`.
struct HttplibOptions {
  /// The most that looking up the name, connecting and the TLS handshake may take together. A
  /// second is ample within a data centre and leaves time to fall back; the deadline of a call
  /// shortens it.
  Duration connect_timeout = std::chrono::seconds(1);
  /// The largest body of an answer, in bytes: `too_large` above. 4 MiB is far above any chat.
  std::size_t max_response_bytes = 4 * 1024 * 1024;
  /// Idle connections kept per origin. As many as there are threads that send is enough; each costs
  /// a socket. Zero: every request has a connection of its own.
  std::size_t max_idle_per_origin = 16;
  /// How long an idle connection is kept. Many servers (cpp-httplib, Node.js, uvicorn) close after
  /// 5 s: whoever reuses one at that very moment may not know whether the request was seen, so we
  /// close first.
  Duration idle_timeout = std::chrono::seconds(4);
  /// Sent where the request names none.
  std::string user_agent = "libvx11/" VX11_VERSION_STRING;
  /// PEM file of the certificates to trust for https, in place of the system's. Empty: the
  /// system's.
  std::string ca_file = {};
  /// Called with every new socket before it connects, for options such as SO_KEEPALIVE. The socket
  /// stays the transport's. Must not throw.
  std::function<void(int)> on_socket = {};
  SteadyClock clock = {};
};

/// Sends requests over HTTP/1.1 and blocks the sending thread meanwhile.
///
/// Connections are kept alive and reused per origin. `TCP_NODELAY` is set; head and body leave in
/// one write. Redirects are not followed, compression is not asked for, bodies are sent with their
/// length. Of the request's own headers `Connection`, `Content-Length`, `Expect` and
/// `Transfer-Encoding` are left out: they are the transport's to say.
///
/// **Deadlines** hold for the whole exchange, name look-up included, whatever the peer does: every
/// wait is for what is left of the deadline, or for the stop token.
///
/// **Repetition**: a request that went out over a kept connection and got not one byte of an answer
/// is sent once more over a new one, if its method is idempotent (RFC 9110 §9.2.2) or nothing of it
/// had left. A POST that was sent and lost is `unreachable`: the peer may have acted on it.
///
/// **Answers** have their headers in the order in which the version of cpp-httplib keeps them (by
/// name, until 0.16); before 0.20 it decodes percent signs in their values. An answer whose length
/// is contradictory, which is cut short or is not HTTP/1.1 is `invalid_reply`.
///
/// https is spoken whether cpp-httplib was built with OpenSSL or not. Certificates are always
/// verified, by name or address.
///
/// **Thread-safe**; many threads may send at once. Needs POSIX sockets.
class HttplibTransport final : public Transport {
 public:
  explicit HttplibTransport(HttplibOptions options = {})
      : options_(std::move(options)), pool_(options_.max_idle_per_origin, options_.idle_timeout) {}

  using Transport::send;
  Task<Result<HttpResponse>> send(const HttpRequest& request, Deadline deadline) override {
    try {
      co_return carry_out(request, deadline);
    } catch (...) {
    }
    co_return fail(Errc::unreachable, "the request could not be carried out");
  }

 private:
  Result<HttpResponse> carry_out(const HttpRequest& request, const Deadline& deadline) {
    const auto url = Url::parse(request.origin);
    if (!url) return fail(url.error());
    const std::string_view mistake = http_detail::mistake_in(request);
    if (!mistake.empty()) return fail(Errc::invalid_argument, std::string(mistake));
    std::string head;
    http_detail::append_request_head(head, request, url->authority(), options_.user_agent);

    const detail::StopSignal stop(deadline.stop_token());
    const detail::DeadlineWaiter waiter(deadline, options_.clock, stop);
    if (const auto end = waiter.exhausted()) return detail::gave_up(*end);
    const std::string origin = url->text();
    if (auto kept = pool_.take(origin, options_.clock.now())) {
      auto sent = exchange(request, origin, head, std::move(kept), waiter);
      if (!may_repeat(request, sent)) return std::move(sent.answer);
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

  static bool may_repeat(const HttpRequest& request, const detail::Exchanged& sent) {
    if (sent.answer || sent.answer.error().code != Errc::unreachable || sent.got_any) return false;
    return !sent.sent_any || is_idempotent(request.method);
  }

  Result<std::unique_ptr<detail::Connection>> connect(const Url& url,
                                                      const detail::DeadlineWaiter& waiter) {
    if (url.secure()) {
      std::call_once(tls_made_, [this] { tls_ = TlsContext::make(options_.ca_file); });
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
  detail::Resolver resolver_;
  std::once_flag tls_made_;
  Result<std::shared_ptr<const TlsContext>> tls_ = nullptr;
};

}  // namespace v0
}  // namespace vx11
