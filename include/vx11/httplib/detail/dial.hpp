#pragma once

/// \file
/// From an origin to a connected socket, within a deadline that also covers the look-up of the
/// name. Internal to `vx11/httplib.hpp`.

#include <vx11/http_message.hpp>
#include <vx11/httplib/detail/deadline_waiter.hpp>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// `http://host[:port]` in its parts.
struct Origin {
  bool secure = false;
  std::string host = {};       ///< Without brackets.
  std::string port = {};       ///< In digits.
  std::string authority = {};  ///< As it stands in the origin, for the Host header.
};

/// \return `invalid_argument` for anything but `http[s]://host[:port]`. Beyond that the look-up of
/// the name decides what a host is.
inline Result<Origin> split_origin(std::string_view text) {
  const auto bad = [] {
    return fail(Errc::invalid_argument, "the origin is not http://host[:port]");
  };
  Origin origin;
  const auto scheme = text.substr(0, text.find("://"));
  origin.secure = equals_ignoring_case(scheme, "https");
  if (!origin.secure && !equals_ignoring_case(scheme, "http")) return bad();
  text.remove_prefix(std::min(text.size(), scheme.size() + 3));
  if (text.ends_with('/')) text.remove_suffix(1);
  const auto odd = [](char c) {
    return c <= ' ' || c > '~' || c == '/' || c == '?' || c == '#' || c == '@';
  };
  if (std::ranges::any_of(text, odd)) return bad();

  origin.authority = text;
  const auto host_end = text.starts_with('[') ? text.find(']') + 1 : text.find(':');
  auto host = text.substr(0, host_end);
  const auto rest = text.substr(std::min(text.size(), host.size()));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  origin.host = host;
  origin.port = rest.empty() ? (origin.secure ? "443" : "80") : rest.substr(1);
  if (origin.host.empty() || origin.port.empty() || origin.port.size() > 5 ||
      origin.port.find_first_not_of("0123456789") != std::string::npos ||
      (!rest.empty() && rest.front() != ':') || std::stoi(origin.port) > 65535) {
    return bad();
  }
  return origin;
}

/// One address of a host.
struct Address {
  explicit Address(const addrinfo& found) noexcept
      : family(found.ai_family), size(found.ai_addrlen) {
    std::memcpy(&bytes, found.ai_addr, found.ai_addrlen);
  }
  int family;
  socklen_t size;
  sockaddr_storage bytes = {};
};

/// The addresses that the system's resolver knows; empty if none. Blocks as long as it pleases.
inline std::vector<Address> look_up(const std::string& host, const std::string& port, int flags) {
  addrinfo wanted = {};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  std::vector<Address> addresses;
  if (::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found) != 0) return addresses;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    addresses.emplace_back(*entry);
  }
  return addresses;
}

/// Looks names up without letting the system's resolver hold up a caller beyond his deadline.
///
/// `getaddrinfo` cannot be interrupted, so it runs on a thread of its own, which is left behind
/// when waiter ends; callers who ask for a name that is being looked up share that thread, so
/// that a dead name server costs one thread per name. Thread-safe.
class Resolver {
 public:
  Result<std::vector<Address>> resolve(const Origin& origin, const DeadlineWaiter& waiter) {
    std::vector<Address> addresses = look_up(origin.host, origin.port, AI_NUMERICHOST);
    if (!addresses.empty()) return addresses;
    std::shared_ptr<LookUp> search;
    try {
      search = join(origin);
    } catch (const std::system_error&) {
      return fail(Errc::unreachable, "no thread to look up the host name");
    }
    if (!search->done.out) return fail(Errc::unreachable, "no descriptor left");
    if (const auto end = waiter.wait(search->done.out.get(), POLLIN)) {
      return *end == Errc::timeout ? fail(*end, "the host name was not found in time")
                                   : gave_up(*end);
    }
    const std::lock_guard lock(search->mutex);
    if (search->addresses.empty()) return fail(Errc::unreachable, "the host name is unknown");
    return search->addresses;
  }

 private:
  struct LookUp {
    Pipe done = make_pipe();  ///< Hung up when the addresses are there.
    std::mutex mutex = {};
    std::vector<Address> addresses = {};
  };
  /// Outlives the resolver if a thread has been left behind.
  struct Running {
    std::mutex mutex = {};
    std::map<std::string, std::shared_ptr<LookUp>> by_name = {};
  };

  std::shared_ptr<LookUp> join(const Origin& origin) {
    const std::string name = origin.host + ' ' + origin.port;
    const std::lock_guard lock(running_->mutex);
    std::shared_ptr<LookUp>& search = running_->by_name[name];
    if (search) return search;
    search = std::make_shared<LookUp>();
    try {
      std::thread(search_for, running_, search, origin, name).detach();
    } catch (...) {
      running_->by_name.erase(name);
      throw;
    }
    return search;
  }

  static void search_for(const std::shared_ptr<Running>& running,
                         const std::shared_ptr<LookUp>& search, const Origin& origin,
                         const std::string& name) noexcept {
    std::vector<Address> addresses;
    try {
      addresses = look_up(origin.host, origin.port, 0);
    } catch (...) {  // out of memory: as if there were none
    }
    {
      const std::lock_guard lock(running->mutex);
      running->by_name.erase(name);
    }
    const std::lock_guard lock(search->mutex);
    search->addresses = std::move(addresses);
    search->done.in.close();
  }

  std::shared_ptr<Running> running_ = std::make_shared<Running>();
};

inline tl::unexpected<Error> connect_failed(int error) {
  if (error == ECONNREFUSED) return fail(Errc::unreachable, "connection refused");
  if (error == ETIMEDOUT) return fail(Errc::timeout, "connection timed out");
  return fail(Errc::unreachable, "no connection");
}

/// Connects to one address. The socket does not block, and sends small messages at once
/// (TCP_NODELAY): a request is one write, so waiting for more to send only costs time.
inline Result<Fd> connect_to(const Address& address, const DeadlineWaiter& waiter,
                             const std::function<void(int)>& on_socket) {
  Fd fd(::socket(address.family, SOCK_STREAM, 0));
  if (!fd) return fail(Errc::unreachable, "no socket left");
  const int on = 1;
  ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (on_socket) on_socket(fd.get());

  const auto* where = reinterpret_cast<const sockaddr*>(&address.bytes);
  if (::connect(fd.get(), where, address.size) == 0) return fd;
  if (errno != EINPROGRESS) return connect_failed(errno);
  if (const auto end = waiter.wait(fd.get(), POLLOUT)) {
    return *end == Errc::timeout ? connect_failed(ETIMEDOUT) : gave_up(*end);
  }
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return connect_failed(error);
  return fd;
}

/// Connects to the first address that answers. Each gets an equal part of what time is left, so
/// that one that swallows packets leaves time for the next.
inline Result<Fd> dial(Resolver& resolver, const Origin& origin, const DeadlineWaiter& waiter,
                       const std::function<void(int)>& on_socket) {
  const auto addresses = resolver.resolve(origin, waiter);
  if (!addresses) return fail(addresses.error());
  Result<Fd> fd = connect_failed(0);
  auto untried = static_cast<Duration::rep>(addresses->size());
  for (const Address& address : *addresses) {
    fd = connect_to(address, waiter.capped(waiter.left() / untried--), on_socket);
    if (fd || waiter.exhausted()) break;
  }
  return fd;
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
