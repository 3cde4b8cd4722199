#include "net/server/listen_address.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <sys/un.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

using socket_detail::Address;

namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kActivated = "systemd:";

Result<ListenAddress> unix_address(std::string_view path) {
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty() || path.find('\0') != std::string_view::npos) {
    return fail(Errc::invalid_argument,
                "listen address 'unix:': expected a path behind it, such "
                "as unix:/run/vx11/gateway.sock");
  }
  if (path.size() > kMost) {
    return fail(Errc::invalid_argument,
                fmt::format("listen address 'unix:{}': the path has {} bytes; the system allows {}",
                            path, path.size(), kMost));
  }
  return ListenAddress{.kind = ListenAddress::Kind::unix_socket, .path = std::string(path)};
}

Result<ListenAddress> tcp_address(std::string_view listen) {
  const auto wrong = [&] {
    return fail(Errc::invalid_argument,
                fmt::format("listen address '{}': expected HOST:PORT with a numeric host, such as "
                            "127.0.0.1:8000 or [::1]:8000, or unix:/path, or systemd:",
                            listen));
  };
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = listen.substr(0, colon);
  const std::string_view port_text = listen.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const auto [end, bad] =
      std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  const auto address = Address::parse(std::string(host), port);
  if (bad != std::errc{} || end != port_text.data() + port_text.size() || !address) return wrong();
  return ListenAddress{.address = *address};
}

}  // namespace

Result<ListenAddress> parse_listen(std::string_view listen) {
  if (listen.starts_with(kUnix)) return unix_address(listen.substr(kUnix.size()));
  if (listen == kActivated) return ListenAddress{.kind = ListenAddress::Kind::activated};
  return tcp_address(listen);
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
