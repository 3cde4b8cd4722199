#pragma once

/// \file
/// A channel under TLS. Internal to `vx11/httplib.hpp`.

#include <vx11/httplib/detail/channel.hpp>
#include <vx11/socket/detail/tls.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

using socket_detail::TlsSession;

/// Each step is repeated, until the deadline, once the socket is ready for what TLS needs.
class TlsChannel final : public Channel {
 public:
  TlsChannel(Fd fd, std::shared_ptr<const socket_detail::TlsContext> context,
             const std::string& host)
      : fd_(std::move(fd)), session_(std::move(context), fd_.get(), host) {}

  Result<void> handshake(const DeadlineWaiter& waiter) {
    const auto done = drive(waiter, [this] { return session_.handshake(); });
    if (done && *done > 0) return {};
    if (!done && done.error().code != Errc::unreachable) return fail(done.error());
    return fail(session_.handshake_error());
  }

  Result<std::size_t> read(char* into, std::size_t size, const DeadlineWaiter& waiter) override {
    return drive(waiter, [&] { return session_.read(into, size); });
  }

  Result<std::size_t> write(std::string_view bytes, const DeadlineWaiter& waiter) override {
    return drive(waiter, [&] { return session_.write(bytes); });
  }

  bool quiet() const noexcept override {
    pollfd fd = {.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return !session_.pending() && ::poll(&fd, 1, 0) == 0;
  }

 private:
  /// \return the number of bytes; 0 when the peer has closed the session properly
  template <class Operation>
  Result<std::size_t> drive(const DeadlineWaiter& waiter, Operation operation) {
    for (;;) {
      if (const auto end = waiter.exhausted()) return gave_up(*end);
      const TlsSession::Step step = operation();
      if (step.then == TlsSession::Then::done) return step.bytes;
      if (step.then == TlsSession::Then::ended) return std::size_t{0};
      if (step.then == TlsSession::Then::failed) return fail(Errc::unreachable, "TLS failed");
      const bool reads = step.then == TlsSession::Then::wait_readable;
      if (const auto end = waiter.wait(fd_.get(), reads ? POLLIN : POLLOUT)) return gave_up(*end);
    }
  }

  Fd fd_;
  TlsSession session_;  ///< Destroyed before its socket.
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
