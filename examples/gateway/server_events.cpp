#include "server_events.hpp"

#include <spdlog/spdlog.h>

namespace gateway {

namespace {

using vx11::ServerEvent;

std::string_view text_of(ServerEvent event) noexcept {
  switch (event) {
    case ServerEvent::turned_away:
      return "a connection was turned away: server.max_connections or "
             "server.max_connections_per_address is reached";
    case ServerEvent::evicted:
      return "an idle connection was closed: server.max_connections is reached";
    case ServerEvent::accept_failed:
      return "a connection could not be accepted: no descriptor or memory is left";
    case ServerEvent::fewer_threads:
      return "a thread could not be started: there are fewer than server.threads";
    case ServerEvent::slow_reader_closed:
      return "a connection whose client does not read was closed: server.max_unsent_bytes is "
             "reached";
    case ServerEvent::handshake_failed:
      return "a client was closed that did not complete its TLS handshake";
    case ServerEvent::proxy_header_refused:
      return "a connection was closed that did not begin with a PROXY header of a trusted proxy";
  }
  return "event";
}

std::size_t index_of(ServerEvent event) noexcept {
  return static_cast<std::size_t>(event);
}

}  // namespace

void ServerEvents::note(ServerEvent event) {
  counts_.at(index_of(event)).fetch_add(1, std::memory_order_relaxed);
  const auto left_out = limits_.at(index_of(event)).admit(vx11::SteadyClock().now());
  if (left_out) spdlog::warn("{} (times: {})", text_of(event), *left_out + 1);
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
