#include <algorithm>
#include <array>
#include <utility>

#include "net/server/connection.hpp"
#include "net/server/forwarded.hpp"

namespace vx11 {
inline namespace v0 {
namespace net_detail {

bool Connection::must_prepare() const noexcept {
  return awaits_proxy_header() || channel_->needs_handshake();
}

/// All that comes before the first request, within one time limit.
/// \return whether requests may follow
Task<bool> Connection::prepare() {
  const Duration most = server_.limits.handshake_timeout;
  const Duration limit = lane_ == Lane::regular ? most : std::min(most, kReservedTimeout);
  const TimePoint until = TimerWheel::in(limit);
  channel_->limit(until);
  idle_since_ = until - limit;
  if (awaits_proxy_header()) {
    Task<bool> receiving = receive_proxy_header();
    const bool received = co_await receiving;
    if (!received) co_return false;
  }
  if (!channel_->needs_handshake()) co_return true;
  Task<bool> handshaking = handshake();
  const bool succeeded = co_await handshaking;
  co_return succeeded;
}

ProxyHeader Connection::peek_proxy_header() const {
  std::array<char, ProxyHeader::kMost> bytes;
  const std::size_t size = channel_->peek(bytes.data(), bytes.size());
  return read_proxy_header({bytes.data(), size});
}

/// Takes the PROXY header and nothing behind it, which under TLS belongs to the session.
/// \return whether there was one, and there is room for its client
Task<bool> Connection::receive_proxy_header() {
  ProxyHeader header = peek_proxy_header();
  while (header.then == ProxyHeader::Then::more && channel_->close_reason() == CloseReason::none) {
    auto changed = channel_->wait_event();
    co_await changed;
    header = peek_proxy_header();
  }
  if (channel_->close_reason() == CloseReason::aborted) co_return false;
  if (header.then != ProxyHeader::Then::done || !channel_->skip(header.size)) {
    server_.report(ServerEvent::proxy_header_refused);
    co_return false;
  }
  const bool is_named = !header.client.empty();
  if (is_named) peer_ = std::make_shared<const HttpPeer>(std::move(header.client));
  const bool has_room = count_client();
  if (is_named && server_.believes_headers_of(peer_->address)) {
    known_ = ClientKnown::by_client_header;
  }
  co_return has_room;
}

/// Counts the connection by its client, which is known from now on. A client that has too many of
/// them may ask what is answered above the limits.
/// \return whether there is room for it
bool Connection::count_client() {
  const std::string& none = counted_address();
  const bool is_free = lane_ == Lane::reserved || server_.connections.attribute(peer_->address);
  if (!is_free) {
    server_.connections.leave(none, lane_);
    counted_ = enter_reserved(server_, loop_);
    lane_ = Lane::reserved;
    move_to(loop_.reserved);
  }
  known_ = ClientKnown::yes;
  if (!counted_) server_.report(ServerEvent::turned_away);
  return counted_;
}

Task<bool> Connection::handshake() {
  bool succeeded = false;
  try {
    auto handshaking = channel_->handshake();
    succeeded = (co_await handshaking).has_value();
  } catch (...) {  // out of memory
  }
  if (!succeeded) {
    server_.report(ServerEvent::handshake_failed);
    co_return false;
  }
  std::string name = channel_->certificate_name();
  if (name.empty()) co_return true;
  HttpPeer proven = *peer_;
  proven.certificate_name = std::move(name);
  peer_ = std::make_shared<const HttpPeer>(std::move(proven));
  co_return true;
}

/// By which the connection is counted, if it is on the regular lane.
const std::string& Connection::counted_address() const noexcept {
  static const std::string none;
  return awaits_proxy_header() ? none : peer_->address;
}

/// The client of one request that a trusted proxy has sent.
std::shared_ptr<const HttpPeer> Connection::client_of(const HttpRequest& head) const {
  std::string client = client_behind(head.headers, server_.options.client_header, server_.proxies);
  if (client.empty() || client == peer_->address) return peer_;
  return std::make_shared<const HttpPeer>(std::move(client));  // the certificate is the proxy's
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
