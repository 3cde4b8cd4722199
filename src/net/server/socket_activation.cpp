#include "net/server/socket_activation.hpp"

#include <vx11/net/socket_activation.hpp>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

using socket_detail::Address;

namespace {

constexpr int kFirst = 3;  ///< SD_LISTEN_FDS_START

std::optional<long> number_in(const char* variable) noexcept {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits = text;
  long number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_whole = error == std::errc() && end == digits.data() + digits.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

Error unusable(std::string_view why) {
  return Error(Errc::address_unavailable, fmt::format("cannot listen on systemd: {}", why));
}

int option_of(int socket, int option) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

bool is_listener(int socket) noexcept {
  const int domain = option_of(socket, SO_DOMAIN);
  return (domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX) &&
         option_of(socket, SO_TYPE) == SOCK_STREAM && option_of(socket, SO_ACCEPTCONN) == 1;
}

/// \return the descriptor, not owned
Result<int> find_activated_socket() {
  const auto process = number_in("LISTEN_PID");
  const auto sockets = number_in("LISTEN_FDS");
  if (!process || !sockets) {
    return fail(
        unusable("it passed no socket to this process (LISTEN_PID and LISTEN_FDS are not "
                 "set); start it by a .socket unit or by systemd-socket-activate"));
  }
  if (*process != ::getpid()) {
    return fail(
        unusable(fmt::format("its socket was passed to process {} and this is {} "
                             "(LISTEN_PID); start this process without a program between",
                             *process, ::getpid())));
  }
  if (*sockets != 1) {
    return fail(
        unusable(fmt::format("it passed {} sockets (LISTEN_FDS) and one is served; give the "
                             ".socket unit one ListenStream=",
                             *sockets)));
  }
  if (!is_listener(kFirst)) {
    return fail(
        unusable("descriptor 3 is no stream socket that listens; the .socket unit needs "
                 "ListenStream= and Accept=no"));
  }
  return kFirst;
}

}  // namespace

Result<socket_detail::Fd> take_activated_socket() {
  const auto found = find_activated_socket();
  if (!found) return fail(found.error());
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(variable);
  ::fcntl(*found, F_SETFD, FD_CLOEXEC);
  ::fcntl(*found, F_SETFL, ::fcntl(*found, F_GETFL) | O_NONBLOCK);
  return socket_detail::Fd(*found);
}

std::string name_of_socket(int socket) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof storage;
  auto* const generic = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(socket, generic, &size) != 0) return {};
  if (storage.ss_family == AF_UNIX) {
    const auto* const local = reinterpret_cast<const sockaddr_un*>(&storage);
    const std::size_t length = size - offsetof(sockaddr_un, sun_path);
    return fmt::format("unix:{}",
                       std::string_view(local->sun_path, ::strnlen(local->sun_path, length)));
  }
  const Address address(generic, size);
  const std::string host = address.is_v6() ? '[' + address.host() + ']' : address.host();
  return fmt::format("{}:{}", host, address.port());
}

}  // namespace net_detail

Result<std::string> activated_address() {
  const auto found = net_detail::find_activated_socket();
  if (!found) return fail(found.error());
  return net_detail::name_of_socket(*found);
}

}  // namespace v0
}  // namespace vx11
