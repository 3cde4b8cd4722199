#pragma once

#include <csignal>

namespace gateway {

/// SIGTERM and SIGINT, taken by whoever waits for them. Make it before the first thread, so that
/// all threads leave them alone.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Blocks until one comes. The next one then ends the process at once.
  /// \return its number
  int wait() const;

 private:
  sigset_t set_;
};

}  // namespace gateway
