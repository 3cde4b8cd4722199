#pragma once

/// \file
/// The URLs of one server, of Sentinels and of a Cluster, with and without TLS. Internal.

#include <vx11/result.hpp>
#include <vx11/url.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace redis {

enum class Topology : std::uint8_t { single, sentinel, cluster };

constexpr std::string_view to_string(Topology topology) noexcept {
  if (topology == Topology::single) return "single";
  return topology == Topology::sentinel ? "sentinel" : "cluster";
}

/// What AUTH is sent with.
struct Credentials {
  std::string user = {};                               ///< Empty for the server's default user.
  std::optional<std::string> password = std::nullopt;  ///< None: no AUTH.
};

/// As `RedisOptions::url`, decoded.
struct ServersUrl {
  Topology topology = Topology::single;
  bool tls = false;
  std::vector<Url> servers = {};  ///< The server, the Sentinels or some nodes; at least one.
  std::string master = {};        ///< As the Sentinels name it.
  Credentials credentials = {};
  std::optional<std::uint32_t> database = std::nullopt;
};

/// A server's address as a URL.
/// \param host IPv6 without brackets
/// \return none if it is not valid
std::optional<Url> server_at(std::string_view host, std::uint16_t port);

/// `host:port`, IPv6 in brackets.
std::string address_of(const Url& server);

/// \return `invalid_argument` that names the invalid part and repeats nothing of the URL, which may
///         contain a password
Result<ServersUrl> parse_servers_url(std::string_view text);

}  // namespace redis
}  // namespace v0
}  // namespace vx11
