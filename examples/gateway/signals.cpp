#include "signals.hpp"

#include <array>

#include <spdlog/spdlog.h>

namespace gateway {

namespace {

constexpr std::array<int, 2> kStop = {SIGTERM, SIGINT};
constexpr std::array<int, 4> kIgnored = {SIGHUP, SIGUSR1, SIGUSR2, SIGXFSZ};

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
  ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // writing to a closed connection fails with EPIPE
}

int Signals::wait_for_stop() const {
  for (;;) {
    int signal = 0;
    if (::sigwait(&set_, &signal) != 0) continue;
    if (stops(signal)) {
      restore_stop_signals();
      return signal;
    }
    spdlog::warn("signal {} is ignored: the configuration is read at start only", signal);
  }
}

}  // namespace gateway
