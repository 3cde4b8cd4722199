#pragma once

/// \file
/// A connection under TLS, of the transport or the server. Internal.

#include <vx11/result.hpp>
#include <vx11/socket/detail/tls.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/socket/channel.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// A channel, `Base`, whose bytes pass through a TLS session.
template <class Base>
class TlsOver : public Base {
 public:
  using CloseReason = net_detail::CloseReason;

  /// Does the steps of the handshake until it succeeds or fails.
  Task<Result<void>> handshake() final {
    const auto self = this->shared_from_this();
    while (this->close_reason() == CloseReason::none) {
      const Then then = tls_.handshake().then;
      if (then == Then::done) co_return Result<void>();
      if (then != Then::wait_readable && then != Then::wait_writable) break;
      auto changed = this->wait_event();
      co_await changed;
    }
    no_session();
    co_return fail(why_no_session());
  }

  bool needs_handshake() const noexcept final { return true; }
  std::string certificate_name() const final { return tls_.peer_name(); }

 protected:
  using Session = socket_detail::TlsSession;
  using Then = Session::Then;
  using IoResult = Channel::IoResult;
  using Transfer = typename IoResult::Then;

  using Context = std::shared_ptr<const socket_detail::TlsContext>;

  /// The client's side.
  template <class... Args>
  TlsOver(Context context, const std::string& host, Args&&... args)
      : Base(std::forward<Args>(args)...), tls_(std::move(context), this->socket(), host) {}
  /// The server's side.
  TlsOver(Context context, Loop& loop, Socket socket)
      : Base(loop, std::move(socket)), tls_(std::move(context), this->socket()) {}

  const Session& session() const noexcept { return tls_; }
  /// Called when the handshake has failed.
  virtual void no_session() noexcept {}

 private:
  Error why_no_session() const {
    switch (this->close_reason()) {
      case CloseReason::overdue:
        return Error(Errc::timeout, "TLS handshake timeout");
      case CloseReason::exhausted:
        return Error(Errc::exhausted, "no memory left for the connection");
      case CloseReason::aborted:
        return Error(Errc::cancelled, "the caller went away");
      default:
        return tls_.handshake_error();
    }
  }

  IoResult try_read(char* into, std::size_t size) noexcept final {
    const auto step = tls_.read(into, size);
    if (step.then != Then::done) return without_bytes(step.then);
    const bool is_last = tls_.drained() && !tls_.pending();
    return {is_last ? Transfer::would_block : Transfer::perhaps_more, step.bytes};
  }

  /// A step writes one record; a waiting channel gets an event only if the socket is full.
  IoResult try_write(std::string_view bytes) noexcept final {
    std::size_t written = 0;
    while (written != bytes.size()) {
      const auto step = tls_.write(bytes.substr(written));
      if (step.then != Then::done) return {without_bytes(step.then).then, written};
      written += step.bytes;
    }
    return {Transfer::perhaps_more, written};
  }

  void close_notify() noexcept final { tls_.close_notify(); }

  static IoResult without_bytes(Then then) noexcept {
    if (then == Then::ended) return Transfer::ended;
    return then == Then::failed ? Transfer::failed : Transfer::would_block;
  }

  Session tls_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
