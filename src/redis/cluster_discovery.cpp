#include "redis/cluster_discovery.hpp"

#include <algorithm>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace redis {

namespace {

/// \return the index of that master, which is added if it is new
std::uint16_t index_of(ServerMap& map, Url master) {
  const auto found = std::find(map.masters.begin(), map.masters.end(), master);
  const auto index = static_cast<std::uint16_t>(found - map.masters.begin());
  if (found == map.masters.end()) map.masters.push_back(std::move(master));
  return index;
}

/// The address of `[host, port, id, [name, value, …]]`. No host: the one that was asked. `?`: the
/// node has no name of the preferred kind (cluster-preferred-endpoint-type), but its metadata may
/// have its address; empty if not.
std::string_view host_of(const Reply& node, const Url& asked) {
  const std::string_view host = node[0].text();
  if (host.empty()) return asked.host();
  if (host != "?") return host;
  const Reply& metadata = node[3];
  for (std::size_t i = 0; i + 1 < metadata.size(); i += 2) {
    if (metadata[i].text() == "ip") return metadata[i + 1].text();
  }
  return {};
}

/// The node of `[first, last, [host, port, …], …]`.
std::optional<Url> master_in(const Reply& range, std::string_view host) {
  const std::int64_t port = range[2][1].integer();
  if (port < 1 || port > 65'535) return std::nullopt;
  return server_at(host, static_cast<std::uint16_t>(port));
}

}  // namespace

std::optional<ServerMap> read_slots(const Reply& reply, const Url& asked) {
  if (!reply.is_array()) return std::nullopt;
  ServerMap map;
  map.of_slot.assign(ServerMap::kSlots, ServerMap::kNone);
  for (std::size_t i = 0; i < reply.size(); ++i) {
    const std::int64_t first = reply[i][0].integer();
    const std::int64_t last = reply[i][1].integer();
    const std::string_view host = host_of(reply[i][2], asked);
    if (host.empty() && reply[i][2].is_array()) continue;  // no address: another node may know it
    auto master = master_in(reply[i], host);
    const auto end = static_cast<std::int64_t>(ServerMap::kSlots);
    if (!master || first < 0 || last < first || last >= end) return std::nullopt;
    const std::uint16_t index = index_of(map, *std::move(master));
    std::fill(map.of_slot.begin() + first, map.of_slot.begin() + last + 1, index);
  }
  return map;
}

/// Begins elsewhere each time, since the one asked last may be out of date.
std::vector<Url> ClusterDiscovery::nodes() {
  std::vector<Url> all;
  if (const auto map = directory().map()) all = map->masters;
  if (!all.empty()) {
    const auto first = static_cast<std::ptrdiff_t>(round_++ % all.size());
    std::rotate(all.begin(), all.begin() + first, all.end());
  }
  for (const Url& server : url().servers) {
    if (std::find(all.begin(), all.end(), server) == all.end()) all.push_back(server);
  }
  return all;
}

Task<std::optional<ErrorKind>> ClusterDiscovery::ask_all() {
  ErrorKind why = ErrorKind::unreachable;
  const std::vector<Url> servers = nodes();
  for (std::size_t i = 0; i < servers.size() && !is_over(); ++i) {
    Command question("CLUSTER");
    question.add("SLOTS");
    Task<RedisResult<Reply>> asking = ask(servers[i], std::move(question));
    const RedisResult<Reply> reply = co_await std::move(asking);
    if (!reply) {
      why = reply.error().kind == ErrorKind::error ? ErrorKind::wrong_role : reply.error().kind;
      end_link(servers[i]);
      continue;
    }
    auto map = read_slots(*reply, servers[i]);
    if (map && !map->masters.empty()) {
      directory().publish(*std::move(map));
      co_return std::nullopt;
    }
    why = map ? ErrorKind::cluster_down : ErrorKind::not_redis;
  }
  co_return why;
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
