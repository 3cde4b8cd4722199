#include "gateway/config/config.hpp"

#include <algorithm>
#include <string_view>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include "gateway/config/machine.hpp"

namespace gateway {

namespace {

bool is_loopback_v4(in_addr address) {
  return ntohl(address.s_addr) >> 24U == 127;
}

bool is_loopback_v6(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) return address.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&address);
}

}  // namespace

std::string to_string(const Address& address) {
  if (address.kind == Address::Kind::systemd) return "systemd:";
  if (address.kind == Address::Kind::unix_socket) return "unix:" + address.host;
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

bool is_loopback(const Address& address) {
  const bool is_absent =
      address.kind == Address::Kind::systemd && address.passed == Address::Kind::systemd;
  if (address.is_unix() || is_absent) return true;
  if (address.host == "localhost") return true;  // RFC 6761 §6.3
  in_addr v4{};
  if (::inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return is_loopback_v4(v4);
  in6_addr v6{};
  return ::inet_pton(AF_INET6, address.host.c_str(), &v6) == 1 && is_loopback_v6(v6);
}

unsigned default_threads() {
  return usable_processors();
}

std::vector<std::string> allowed_hosts(const ServerConfig& server) {
  const bool is_safe = server.listen.is_unix() || !is_loopback(server.listen);
  if (server.hosts.empty() && is_safe) return {};
  const bool is_v6 = server.listen.host.find(':') != std::string::npos;
  std::vector<std::string> hosts = {"localhost", "127.0.0.1", "[::1]"};
  hosts.push_back(is_v6 ? '[' + server.listen.host + ']' : server.listen.host);
  hosts.insert(hosts.end(), server.hosts.begin(), server.hosts.end());
  return hosts;
}

std::vector<std::string> default_chain(const GatewayConfig& config) {
  if (config.has_switch()) return {"switch", "madre"};
  return {"madre"};
}

std::vector<std::string> targets_of_step(const GatewayConfig& config, const std::string& step) {
  const auto group = config.groups.find(step);
  return group == config.groups.end() ? std::vector{step} : group->second.targets;
}

std::string describe_upstreams(const GatewayConfig& config) {
  std::string targets;
  for (const auto& [name, target] : config.targets) {
    targets += fmt::format("; {}: {}{}", name, target.url.origin, target.url.path);
  }
  if (config.inee.enabled) {
    targets += fmt::format("; hormiguero: {}", config.hormiguero.url.value);
  }
  return fmt::format("madre: {}; switch: {}; redis: {}{}",
                     config.madre_is_embedded() ? "embedded" : config.madre.url.value,
                     config.has_switch() ? config.switch_.url.value : "absent",
                     config.has_redis() ? mask_userinfo(config.redis.url.value) : "not configured",
                     targets);
}

std::string mask_userinfo(std::string_view url) {
  const auto at = url.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  const auto slashes = url.find("//");
  const auto from = slashes == std::string_view::npos || slashes > at ? 0 : slashes + 2;
  return fmt::format("{}***{}", url.substr(0, from), url.substr(at));
}

}  // namespace gateway
