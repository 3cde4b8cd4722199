#include "signals.hpp"

namespace gateway {

StopSignals::StopSignals() : set_() {
  ::sigemptyset(&set_);
  ::sigaddset(&set_, SIGTERM);
  ::sigaddset(&set_, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // writing to a closed connection fails with EPIPE
}

int StopSignals::wait() const {
  int number = 0;
  while (::sigwait(&set_, &number) != 0) {
  }
  // A shell starts background jobs with SIGINT ignored; the next signal must end the process.
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  ::pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  return number;
}

}  // namespace gateway
