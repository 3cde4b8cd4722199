#pragma once

/// \file
/// Connects a socket to a URL within a deadline that includes name look-up. Internal to
/// `vx11/httplib.hpp`.

#include <vx11/httplib/detail/deadline_waiter.hpp>
#include <vx11/socket/detail/address.hpp>
#include <vx11/socket/detail/address_race.hpp>
#include <vx11/socket/detail/tcp.hpp>
#include <vx11/url.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

using socket_detail::Address;

/// Resolves names without blocking a caller beyond its deadline.
///
/// `getaddrinfo` cannot be interrupted, so it runs on its own thread, which is abandoned when the
/// wait ends early. Concurrent look-ups of one name share a thread, so that a dead name server
/// costs one thread per name. Thread-safe.
class Resolver {
 public:
  /// \return none if the name is unknown
  Result<std::vector<Address>> resolve(const Url& url, const DeadlineWaiter& waiter) {
    if (const auto numeric = Address::parse(url.host(), url.port())) return std::vector{*numeric};
    std::shared_ptr<LookUp> search;
    try {
      search = join(url);
    } catch (const std::system_error&) {
      return fail(Errc::unreachable, "no thread to look up the host name");
    }
    if (!search->done.out) return fail(Errc::unreachable, "no descriptor left");
    if (const auto end = waiter.wait(search->done.out.get(), POLLIN)) {
      return *end == Errc::timeout ? fail(*end, "the host name was not found in time")
                                   : gave_up(*end);
    }
    const std::lock_guard lock(search->mutex);
    return search->addresses;
  }

 private:
  struct LookUp {
    Pipe done = make_pipe();  ///< Closed when the addresses are available.
    std::mutex mutex = {};
    std::vector<Address> addresses = {};
  };
  /// Outlives the resolver if a thread was abandoned.
  struct Running {
    std::mutex mutex = {};
    std::map<std::string, std::shared_ptr<LookUp>> by_name = {};
  };

  std::shared_ptr<LookUp> join(const Url& url) {
    const std::string& name = url.authority();
    const std::lock_guard lock(running_->mutex);
    std::shared_ptr<LookUp>& search = running_->by_name[name];
    if (search) return search;
    search = std::make_shared<LookUp>();
    try {
      std::thread(search_for, running_, search, url).detach();
    } catch (...) {
      running_->by_name.erase(name);
      throw;
    }
    return search;
  }

  static void search_for(const std::shared_ptr<Running>& running,
                         const std::shared_ptr<LookUp>& search, const Url& url) noexcept {
    std::vector<Address> addresses;
    try {
      addresses = socket_detail::look_up(url.host(), url.port());
    } catch (...) {  // out of memory: treated as not found
    }
    {
      const std::lock_guard lock(running->mutex);
      running->by_name.erase(url.authority());
    }
    const std::lock_guard lock(search->mutex);
    search->addresses = std::move(addresses);
    search->done.in.close();
  }

  std::shared_ptr<Running> running_ = std::make_shared<Running>();
};

/// The connection attempts in progress, scheduled by `AddressRace`, using poll(2).
class Dialing {
 public:
  Dialing(std::vector<Address> addresses, const DeadlineWaiter& waiter, SteadyClock clock,
          const std::function<void(int)>& on_socket)
      : race_(std::move(addresses)), waiter_(waiter), clock_(clock), on_socket_(on_socket) {}

  Result<Fd> run() {
    TimePoint now = clock_.now();
    for (;;) {
      start_due(now);
      if (connected_) return std::move(connected_);
      if (auto error = race_.lost()) return fail(*std::move(error));
      const TimePoint due = race_.due();
      const auto end = waiter_.capped(due - now).wait_any(waited_);
      if (end && *end != Errc::timeout) return gave_up(*end);
      if (end && (waiter_.exhausted() || due == TimePoint::max())) {
        return fail(socket_detail::connect_error(ETIMEDOUT));
      }
      if (!end) take_results();
      now = end ? std::max(clock_.now(), due) : clock_.now();
    }
  }

 private:
  void start_due(TimePoint now) {
    while (!connected_) {
      const Address* const address = race_.next(now);
      if (address == nullptr) return;
      Fd socket = socket_detail::open_tcp(address->family());
      if (socket && on_socket_) on_socket_(socket.get());
      const int error = socket ? socket_detail::start_connect(socket, *address) : errno;
      if (error == EINPROGRESS) {
        waited_.push_back({.fd = socket.get(), .events = POLLOUT, .revents = 0});
        attempts_.push_back(std::move(socket));
      } else {
        settle(std::move(socket), error);
      }
    }
  }

  void take_results() {
    for (std::size_t i = waited_.size(); i-- > 0;) {
      if (waited_[i].revents == 0) continue;
      Fd socket = std::move(attempts_[i]);
      const auto at = static_cast<std::ptrdiff_t>(i);
      attempts_.erase(attempts_.begin() + at);
      waited_.erase(waited_.begin() + at);
      const int error = socket_detail::connect_result(socket);
      settle(std::move(socket), error);
    }
  }

  void settle(Fd socket, int error) {
    if (error == 0) {
      connected_ = std::move(socket);
    } else {
      race_.failed(error);
    }
  }

  socket_detail::AddressRace race_;
  const DeadlineWaiter& waiter_;
  SteadyClock clock_;
  const std::function<void(int)>& on_socket_;
  std::vector<Fd> attempts_ = {};
  std::vector<pollfd> waited_ = {};  ///< One per attempt, in the same order.
  Fd connected_ = {};
};

/// Connects to the first address that accepts.
inline Result<Fd> dial(Resolver& resolver, const Url& url, const DeadlineWaiter& waiter,
                       SteadyClock clock, const std::function<void(int)>& on_socket) {
  auto addresses = resolver.resolve(url, waiter);
  if (!addresses) return fail(std::move(addresses.error()));
  return Dialing(std::move(*addresses), waiter, clock, on_socket).run();
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
