#include "net/server/server_state.hpp"

#include <algorithm>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

ConnectionCounts::Room ConnectionCounts::enter(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (total_ >= limits_.connections) return Room::full;
  if (!count(address)) return Room::address_full;
  ++total_;
  return Room::free;
}

bool ConnectionCounts::attribute(const std::string& address) {
  const std::lock_guard lock(mutex_);
  return count(address);
}

bool ConnectionCounts::count(const std::string& address) {
  if (address.empty()) return true;
  std::size_t& from_there = by_address_[address];
  if (from_there >= limits_.connections_per_address) return false;
  ++from_there;
  return true;
}

bool ConnectionCounts::enter_reserved() {
  const std::lock_guard lock(mutex_);
  if (reserved_ >= limits_.reserved_connections) return false;
  ++reserved_;
  return true;
}

void ConnectionCounts::leave(const std::string& address, Lane lane) {
  const std::lock_guard lock(mutex_);
  if (lane == Lane::reserved) {
    --reserved_;
    return;
  }
  --total_;
  if (address.empty()) return;
  const auto counted = by_address_.find(address);
  if (--counted->second == 0) by_address_.erase(counted);
}

std::size_t ConnectionCounts::total() const {
  const std::lock_guard lock(mutex_);
  return total_ + reserved_;
}

ServerState::ServerState(const HttpHandler& server_handler, const ServeOptions& serve_options,
                         const TrustedProxies& trusted_proxies, UnsentAnswers& unsent_answers)
    : handler(server_handler),
      options(serve_options),
      limits(serve_options.limits),
      proxies(trusted_proxies),
      connections(limits),
      unsent(unsent_answers) {
  request_limits.head_bytes = limits.head_bytes;
  request_limits.header_count = limits.header_count;
  request_limits.target_bytes = limits.target_bytes;
}

bool ServerState::is_reserved(const HttpRequest& head) const noexcept {
  const std::string_view target = head.target;
  const std::string_view path = target.substr(0, target.find('?'));
  return (head.method == "GET" || head.method == "HEAD") &&
         std::ranges::find(options.reserved_targets, path) != options.reserved_targets.end();
}

bool ServerState::believes_headers_of(const std::string& address) const noexcept {
  return options.client_header != ClientHeader::none && proxies.contains(address);
}

namespace {

EventKind kind_of(ServerEvent event) noexcept {
  switch (event) {
    case ServerEvent::turned_away:
      return EventKind::server_turned_away;
    case ServerEvent::evicted:
      return EventKind::server_evicted;
    case ServerEvent::accept_failed:
      return EventKind::server_accept_failed;
    case ServerEvent::fewer_threads:
      return EventKind::server_fewer_threads;
    case ServerEvent::slow_reader_closed:
      return EventKind::server_slow_reader_closed;
    case ServerEvent::handshake_failed:
      return EventKind::server_handshake_failed;
    case ServerEvent::proxy_header_refused:
      return EventKind::server_proxy_header_refused;
  }
  return EventKind::server_turned_away;
}

}  // namespace

void ServerState::report(ServerEvent event) const {
  if (options.on_event) options.on_event(event);
  options.events(Event{.kind = kind_of(event), .name = options.name});
}

std::unique_ptr<RequestScratch> LoopState::lend() {
  if (spare_.empty()) return std::make_unique<RequestScratch>(server_.request_limits);
  std::unique_ptr<RequestScratch> scratch = std::move(spare_.back());
  spare_.pop_back();
  return scratch;
}

void LoopState::give_back(std::unique_ptr<RequestScratch> scratch) {
  constexpr std::size_t kLargest = 64 * 1024;  // larger buffers are freed
  if (spare_.size() >= kKeep || scratch->out.capacity() > kLargest ||
      scratch->reader.request().body.capacity() > kLargest) {
    return;
  }
  scratch->out.clear();
  scratch->reader.reset();
  spare_.push_back(std::move(scratch));
}

bool enter_reserved(ServerState& server, LoopState& loop) {
  if (server.connections.enter_reserved()) return true;
  if (loop.reserved.empty()) return false;
  loop.reserved.front()->evict();
  return server.connections.enter_reserved();
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
