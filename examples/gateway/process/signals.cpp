#include "gateway/process/signals.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include <unistd.h>

#include "gateway/log/log.hpp"

namespace gateway {

namespace {

constexpr std::array<int, 2> kStop = {SIGTERM, SIGINT};
constexpr std::array<int, 4> kIgnored = {SIGHUP, SIGUSR1, SIGUSR2, SIGXFSZ};

/// Of real time, which no one else sends by mistake.
int wake_signal() noexcept {
  return SIGRTMIN + 3;
}

bool stops(int signal) {
  return signal == SIGTERM || signal == SIGINT;
}

/// Lets the next signal to stop end the process. A shell starts background jobs with SIGINT
/// ignored.
void restore_stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : kStop) {
    std::signal(signal, SIG_DFL);
    ::sigaddset(&set, signal);
  }
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

Signals::Signals() : set_() {
  ::sigemptyset(&set_);
  for (const int signal : kStop) ::sigaddset(&set_, signal);
  for (const int signal : kIgnored) ::sigaddset(&set_, signal);
  ::sigaddset(&set_, wake_signal());
  ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // writing to a closed connection fails with EPIPE
}

void Signals::wake() noexcept {
  ::kill(::getpid(), wake_signal());
}

bool Signals::stop_is_pending() noexcept {
  sigset_t pending;
  if (::sigpending(&pending) != 0) return false;
  return std::any_of(kStop.begin(), kStop.end(),
                     [&](int signal) { return ::sigismember(&pending, signal) == 1; });
}

constexpr vx11::Duration kMoment = std::chrono::milliseconds(1);

/// The next signal; 0 if none came within `most`, which is without a limit if zero.
int Signals::next(vx11::Duration most) const {
  int signal = 0;
  if (most == vx11::Duration::zero()) return ::sigwait(&set_, &signal) == 0 ? signal : 0;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(most);
  const timespec time{.tv_sec = seconds.count(), .tv_nsec = (most - seconds).count()};
  return std::max(::sigtimedwait(&set_, nullptr, &time), 0);
}

int Signals::wait_for_stop(const SignalHooks& hooks) const {
  const vx11::SteadyClock clock;
  const bool is_timed = hooks.every > vx11::Duration::zero();
  vx11::TimePoint due = clock.now() + hooks.every;
  for (;;) {
    // At least a moment: zero is without a limit.
    const vx11::Duration left = std::max<vx11::Duration>(due - clock.now(), kMoment);
    const int signal = next(is_timed ? left : vx11::Duration::zero());
    if (is_timed && clock.now() >= due) {  // whatever else arrives, and how often
      due = clock.now() + hooks.every;
      if (hooks.on_time) hooks.on_time();
    }
    if (signal == 0) continue;
    if (stops(signal)) {
      restore_stop_signals();
      return signal;
    }
    if (signal == SIGHUP && hooks.on_hangup) {
      hooks.on_hangup();
    } else if (signal == wake_signal()) {
      if (hooks.on_wake) hooks.on_wake();
    } else {
      log_event(LogEvent::signal_ignored, {{"signal", signal}});
    }
  }
}

}  // namespace gateway
