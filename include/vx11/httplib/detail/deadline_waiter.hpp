#pragma once

/// \file
/// Waits on file descriptors until a deadline or a stop request. Internal to `vx11/httplib.hpp`.

#include <vx11/clock.hpp>
#include <vx11/deadline.hpp>
#include <vx11/result.hpp>
#include <vx11/socket/detail/fd.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <optional>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace vx11 {
inline namespace v0 {
namespace detail {

using socket_detail::Fd;

/// The two ends of a pipe.
struct Pipe {
  Fd out = {};
  Fd in = {};
};

/// Both ends are invalid when the process has no file descriptors left.
inline Pipe make_pipe() {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe(ends.data()) != 0) return {};
  for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  return {.out = Fd(ends[0]), .in = Fd(ends[1])};
}

/// A descriptor that becomes readable when a stop token fires, so that one `poll` waits for a
/// socket and for cancellation. Costs nothing for a token that can never fire.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& token) {
    if (!token.stop_possible()) return;
    pipe_ = make_pipe();
    exhausted_ = !pipe_.out;
    hang_up_.emplace(token, HangUp{pipe_.in});
  }

  int fd() const noexcept { return pipe_.out.get(); }
  /// No descriptor was left for it: a stop request would not be noticed.
  bool exhausted() const noexcept { return exhausted_; }

 private:
  struct HangUp {
    Fd& in;
    void operator()() const noexcept { in.close(); }
  };

  Pipe pipe_ = {};
  bool exhausted_ = false;
  std::optional<std::stop_callback<HangUp>> hang_up_ = std::nullopt;
};

/// How long one exchange may wait: until its deadline, or until its stop token fires.
///
/// A value; refers to a `StopSignal` that must outlive it.
class DeadlineWaiter {
 public:
  DeadlineWaiter(Deadline deadline, SteadyClock clock, const StopSignal& stop)
      : deadline_(std::move(deadline)), clock_(clock), stop_(stop.fd()) {}

  /// A copy that also ends `limit` from now.
  DeadlineWaiter capped(Duration limit) const {
    DeadlineWaiter shorter = *this;
    shorter.deadline_ = deadline_.capped(clock_.now(), limit);
    return shorter;
  }
  Duration left() const noexcept { return deadline_.remaining(clock_.now()); }

  /// Why the exchange must end: `timeout` or `cancelled`; empty if it may continue.
  std::optional<Errc> exhausted() const noexcept {
    if (deadline_.cancelled()) return Errc::cancelled;
    if (left() <= Duration::zero()) return Errc::timeout;
    return std::nullopt;
  }

  /// Waits until `events` or an error occur on `fd`.
  /// \return the reason if they did not occur, else nothing
  std::optional<Errc> wait(int fd, short events) const noexcept {
    std::array<pollfd, 2> fds = {{{.fd = fd, .events = events, .revents = 0}, stop()}};
    return wait(fds);
  }

  /// The same for several descriptors; stores the events of each in `fds`.
  std::optional<Errc> wait_any(std::vector<pollfd>& fds) const {
    fds.push_back(stop());
    const std::optional<Errc> end = wait(fds);
    fds.pop_back();
    return end;
  }

 private:
  pollfd stop() const noexcept { return {.fd = stop_, .events = POLLIN, .revents = 0}; }

  /// The last of `fds` is the stop signal.
  std::optional<Errc> wait(std::span<pollfd> fds) const noexcept {
    for (;;) {
      if (const auto end = exhausted()) return end;
      const int ms = milliseconds_left();
      const int ready = ::poll(fds.data(), fds.size(), ms);
      if (ready < 0 && errno != EINTR) return Errc::unreachable;
      if (ready == 0 && ms != INT_MAX) return Errc::timeout;
      if (ready > 0 && fds.back().revents == 0) return std::nullopt;
    }
  }

  int milliseconds_left() const noexcept {
    const Duration now_left = left();
    if (now_left > std::chrono::hours(1)) return deadline_.never() ? -1 : INT_MAX;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(now_left).count());
  }

  Deadline deadline_;
  SteadyClock clock_;
  int stop_;
};

/// The error for a wait that ended early.
inline tl::unexpected<Error> gave_up(Errc why) {
  switch (why) {
    case Errc::timeout:
      return fail(why, "no answer in time");
    case Errc::cancelled:
      return fail(why, "the caller went away");
    default:
      return fail(why, "the connection failed");
  }
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
