#pragma once

#include <csignal>

namespace gateway {

/// Receives signals synchronously. Construct it before the first thread, so that all threads
/// inherit the signal mask.
///
/// SIGTERM and SIGINT stop the gateway. SIGHUP, SIGUSR1 and SIGUSR2, which would end a process, are
/// logged and otherwise ignored: there is no reload. SIGPIPE is ignored, and so is the SIGXFSZ of a
/// write, which fails with EFBIG.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Blocks until SIGTERM or SIGINT arrives. The next one of these then ends the process at once;
  /// the others stay ignored.
  /// \return the signal number
  int wait_for_stop() const;

 private:
  sigset_t set_;
};

}  // namespace gateway
