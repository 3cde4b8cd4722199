#include "net/client/tls_connection.hpp"

#include <utility>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

using socket_detail::TlsSession;

TlsConnection::TlsConnection(Loop& loop, Socket socket, OriginPool& executor, TlsContextPtr context)
    : UpstreamConnection(loop, std::move(socket), executor),
      tls_(std::move(context), this->socket(), executor.url().host()) {}

Task<Result<void>> TlsConnection::handshake() {
  const auto self = shared_from_this();
  while (close_reason() == CloseReason::none) {
    const TlsSession::Then then = tls_.handshake().then;
    if (then == TlsSession::Then::done) co_return Result<void>();
    if (then != TlsSession::Then::wait_readable && then != TlsSession::Then::wait_writable) break;
    auto changed = wait_event();
    co_await changed;
  }
  if (close_reason() == CloseReason::overdue)
    co_return fail(Errc::timeout, "TLS handshake timeout");
  if (close_reason() == CloseReason::exhausted)
    co_return fail(Errc::exhausted, "no memory left for the connection");
  if (close_reason() == CloseReason::aborted)
    co_return fail(Errc::cancelled, "the caller went away");
  co_return fail(tls_.handshake_error());
}

Channel::IoResult TlsConnection::try_read(char* into, std::size_t size) noexcept {
  const TlsSession::Step step = tls_.read(into, size);
  switch (step.then) {
    case TlsSession::Then::done:
      return {IoResult::Then::perhaps_more, step.bytes};
    case TlsSession::Then::wait_readable:
    case TlsSession::Then::wait_writable:
      return IoResult::Then::would_block;
    case TlsSession::Then::ended:
      return IoResult::Then::ended;
    case TlsSession::Then::failed:
      break;
  }
  return IoResult::Then::failed;
}

Channel::IoResult TlsConnection::try_write(std::string_view bytes) noexcept {
  const TlsSession::Step step = tls_.write(bytes);
  switch (step.then) {
    case TlsSession::Then::done:
      return {IoResult::Then::perhaps_more, step.bytes};
    case TlsSession::Then::wait_readable:
    case TlsSession::Then::wait_writable:
      return IoResult::Then::would_block;
    case TlsSession::Then::ended:
    case TlsSession::Then::failed:
      break;
  }
  return IoResult::Then::failed;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
