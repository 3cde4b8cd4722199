#include "redis/servers_url.hpp"

#include <array>
#include <utility>

#include "redis/url.hpp"

namespace vx11 {
inline namespace v0 {
namespace redis {

namespace {

struct Scheme {
  std::string_view name;
  Topology topology;
  bool tls;
};
constexpr std::array<Scheme, 6> kServersSchemes = {{
    {"redis://", Topology::single, false},
    {"rediss://", Topology::single, true},
    {"redis+sentinel://", Topology::sentinel, false},
    {"rediss+sentinel://", Topology::sentinel, true},
    {"redis+cluster://", Topology::cluster, false},
    {"rediss+cluster://", Topology::cluster, true},
}};
constexpr std::array<UrlScheme, 1> kSentinelSchemes = {{{"redis", 26379}}};
using redis_url_detail::kSchemes;

bool is_letter_of(char given, char lower) noexcept {
  return given == lower || (lower >= 'a' && lower <= 'z' && given == lower - 'a' + 'A');
}

bool starts_with_scheme(std::string_view text, std::string_view scheme) noexcept {
  if (text.size() < scheme.size()) return false;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    if (!is_letter_of(text[i], scheme[i])) return false;
  }
  return true;
}

const Scheme* scheme_of(std::string_view text) noexcept {
  for (const Scheme& scheme : kServersSchemes) {
    if (starts_with_scheme(text, scheme.name)) return &scheme;
  }
  return nullptr;
}

std::string_view up_to(std::string_view& text, char end) noexcept {
  const std::string_view part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

Result<void> read_servers(std::string_view text, ServersUrl& url) {
  const auto& schemes = url.topology == Topology::sentinel ? kSentinelSchemes : kSchemes;
  do {
    const std::string server = "redis://" + std::string(up_to(text, ','));
    auto read = Url::parse(server, {.schemes = schemes});
    if (!read) return fail(std::move(read.error()));
    url.servers.push_back(*std::move(read));
  } while (!text.empty());
  return {};
}

/// \param path behind the slash after the servers
Result<void> read_path(std::string_view path, ServersUrl& url) {
  const auto wrong = [](const char* what) { return fail(Errc::invalid_argument, what); };
  if (url.topology == Topology::sentinel) {
    auto name = decode_percent(up_to(path, '/'));
    if (!name || name->empty()) return wrong("url names no master behind the Sentinels");
    url.master = *std::move(name);
  }
  if (url.topology == Topology::cluster) {
    if (!path.empty() && path != "0") return wrong("url has a database; a Cluster has only one");
    return {};
  }
  if (path.empty()) return {};
  if (!redis_url_detail::read_database("/" + std::string(path), url)) {
    return wrong("url has no valid database number");
  }
  return {};
}

}  // namespace

std::optional<Url> server_at(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  std::string text = "redis://";
  text.append(is_ipv6 ? "[" : "").append(host).append(is_ipv6 ? "]:" : ":");
  auto url = Url::parse(text + std::to_string(port), {.schemes = kSchemes});
  if (!url) return std::nullopt;
  return *std::move(url);
}

std::string address_of(const Url& server) {
  const bool is_ipv6 = server.host().find(':') != std::string::npos;
  std::string text = is_ipv6 ? "[" + server.host() + "]" : server.host();
  return text + ":" + std::to_string(server.port());
}

Result<ServersUrl> parse_servers_url(std::string_view text) {
  const Scheme* const scheme = scheme_of(text);
  if (scheme == nullptr) {
    return fail(Errc::invalid_argument,
                "url must begin with redis://, rediss://, redis+sentinel://, rediss+sentinel://, "
                "redis+cluster:// or rediss+cluster://");
  }
  ServersUrl url;
  url.topology = scheme->topology;
  url.tls = scheme->tls;
  text.remove_prefix(scheme->name.size());
  std::string_view authority = up_to(text, '/');
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    if (!redis_url_detail::read_credentials(authority.substr(0, at), url.credentials)) {
      return fail(Errc::invalid_argument, "url has bad credentials");
    }
    authority.remove_prefix(at + 1);
  }
  if (auto read = read_servers(authority, url); !read) return fail(std::move(read.error()));
  if (url.topology == Topology::single && url.servers.size() != 1) {
    return fail(Errc::invalid_argument,
                "url names several servers; use redis+sentinel:// or redis+cluster://");
  }
  if (auto read = read_path(text, url); !read) return fail(std::move(read.error()));
  return url;
}

}  // namespace redis
}  // namespace v0
}  // namespace vx11
