#include "gateway/telemetry/server_events.hpp"

#include "gateway/log/log.hpp"

namespace gateway {

namespace {

using vx11::ServerEvent;

LogEvent log_event_of(ServerEvent event) noexcept {
  switch (event) {
    case ServerEvent::turned_away:
      return LogEvent::connection_turned_away;
    case ServerEvent::evicted:
      return LogEvent::connection_evicted;
    case ServerEvent::accept_failed:
      return LogEvent::connection_accept_failed;
    case ServerEvent::fewer_threads:
      return LogEvent::server_fewer_threads;
    case ServerEvent::slow_reader_closed:
      return LogEvent::connection_slow_reader_closed;
    case ServerEvent::handshake_failed:
      return LogEvent::connection_handshake_failed;
    case ServerEvent::proxy_header_refused:
      break;
  }
  return LogEvent::connection_proxy_header_refused;
}

std::size_t index_of(ServerEvent event) noexcept {
  return static_cast<std::size_t>(event);
}

}  // namespace

void ServerEvents::note(ServerEvent event) {
  counts_.at(index_of(event)).fetch_add(1, std::memory_order_relaxed);
  log_event(log_event_of(event));
}

std::uint64_t ServerEvents::count(ServerEvent event) const noexcept {
  return counts_[index_of(event)].load(std::memory_order_relaxed);
}

std::string_view ServerEvents::name_of(ServerEvent event) noexcept {
  switch (event) {
    case ServerEvent::turned_away:
      return "turned_away";
    case ServerEvent::evicted:
      return "evicted";
    case ServerEvent::accept_failed:
      return "accept_failed";
    case ServerEvent::fewer_threads:
      return "fewer_threads";
    case ServerEvent::slow_reader_closed:
      return "slow_reader_closed";
    case ServerEvent::handshake_failed:
      return "handshake_failed";
    case ServerEvent::proxy_header_refused:
      return "proxy_header_refused";
  }
  return "unknown";
}

}  // namespace gateway
