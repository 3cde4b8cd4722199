#pragma once

#include <csignal>

namespace gateway {

/// Receives SIGTERM and SIGINT synchronously. Construct it before the first thread, so that all
/// threads inherit the signal mask.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Blocks until a signal arrives. The next one then ends the process at once.
  /// \return the signal number
  int wait() const;

 private:
  sigset_t set_;
};

}  // namespace gateway
