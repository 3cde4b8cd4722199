#pragma once

/// \file
/// Connects a socket to a URL within a deadline that includes name look-up. Internal to
/// `vx11/httplib.hpp`.

#include <vx11/httplib/detail/deadline_waiter.hpp>
#include <vx11/socket/detail/address.hpp>
#include <vx11/socket/detail/address_race.hpp>
#include <vx11/socket/detail/resolver.hpp>
#include <vx11/socket/detail/tcp.hpp>
#include <vx11/url.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

using socket_detail::Address;

using socket_detail::Resolver;

/// One caller's wait for a look-up, ended by the look-up, the deadline or the stop token.
class NameWait {
 public:
  NameWait(Resolver& resolver, const std::string& name) {
    if (!wake_.out) return;
    waiting_ = resolver.look_up(name, [this](const Resolver::Found& found) {
      found_ = found;
      wake_.in.close();
    });
  }
  NameWait(const NameWait&) = delete;
  NameWait& operator=(const NameWait&) = delete;

  int descriptor() const noexcept { return wake_.out.get(); }
  bool queued() const { return waiting_.queued(); }
  /// The result, once the descriptor is readable.
  Resolver::Found take() {
    waiting_ = {};  // synchronizes with the thread that stored it
    return std::move(found_);
  }

 private:
  Pipe wake_ = make_pipe();
  Resolver::Found found_ = {};
  Resolver::Waiting waiting_ = {};  ///< Last: nothing is stored during destruction.
};

/// Resolves the host of `url` without blocking beyond `waiter`; uses outdated addresses if the
/// look-up hangs.
inline Resolver::Found look_up(Resolver& resolver, const Url& url, const DeadlineWaiter& waiter) {
  NameWait wait(resolver, url.host());
  if (wait.descriptor() < 0) return fail(Errc::exhausted, "no descriptor left");
  auto end = waiter.capped(resolver.patience()).wait(wait.descriptor(), POLLIN);
  if (end == Errc::timeout && !waiter.exhausted()) {
    if (auto known = resolver.known(url.host())) return *std::move(known);
    end = waiter.wait(wait.descriptor(), POLLIN);
  }
  if (!end) return wait.take();
  if (*end != Errc::timeout) return gave_up(*end);
  if (wait.queued()) return fail(Errc::exhausted, "no thread free to look up the host name");
  return fail(*end, "the host name was not found in time");
}

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
  std::vector<Fd> attempts_{};
  std::vector<pollfd> waited_{};  ///< One per attempt, in the same order.
  Fd connected_ = {};
};

/// Where to connect to, and whether these addresses may be outdated.
struct Destination {
  std::vector<Address> addresses{};
  bool cached = false;
};

inline Result<Destination> destination_of(Resolver& resolver, const Url& url,
                                          const DeadlineWaiter& waiter) {
  if (const auto numeric = Address::parse(url.host(), url.port())) {
    return Destination{.addresses = {*numeric}};
  }
  auto known = resolver.known(url.host());
  Resolver::Found found = known ? *std::move(known) : look_up(resolver, url, waiter);
  if (!found) return fail(std::move(found.error()));
  for (Address& address : *found) address = address.with_port(url.port());
  return Destination{.addresses = *std::move(found), .cached = known.has_value()};
}

/// Connects to the first address that accepts. If cached addresses fail, the host may have moved,
/// and it is looked up anew.
inline Result<Fd> dial(Resolver& resolver, const Url& url, const DeadlineWaiter& waiter,
                       SteadyClock clock, const std::function<void(int)>& on_socket) {
  for (;;) {
    auto to = destination_of(resolver, url, waiter);
    if (!to) return fail(std::move(to.error()));
    auto connected = Dialing(std::move(to->addresses), waiter, clock, on_socket).run();
    const bool may_have_moved = !connected && to->cached &&
                                connected.error().code != Errc::exhausted &&
                                connected.error().code != Errc::cancelled;
    if (!may_have_moved || !resolver.distrust(url.host()) || waiter.exhausted()) return connected;
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
