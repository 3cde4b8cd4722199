#pragma once

#include <vx11/clock.hpp>

#include <csignal>
#include <functional>

namespace gateway {

/// What happens on the waiting thread until a signal stops the gateway.
struct SignalHooks {
  vx11::Duration every = {};  ///< Between two calls of `on_time`; zero: none.
  std::function<void()> on_time = {};
  std::function<void()> on_hangup = {};  ///< At SIGHUP. None: it is ignored.
  std::function<void()> on_wake = {};    ///< After `Signals::wake`.
};

/// Receives signals synchronously. Construct it before the first thread, so that all threads
/// inherit the signal mask.
///
/// SIGTERM and SIGINT stop the gateway. SIGHUP calls its hook. SIGUSR1 and SIGUSR2, which would end
/// a process, and SIGHUP without a hook are logged and otherwise ignored. SIGPIPE is ignored, and
/// so is the SIGXFSZ of a write, which fails with EFBIG.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Blocks until SIGTERM or SIGINT arrives. The next one of these then ends the process at once;
  /// the others stay ignored.
  /// \return the signal number
  int wait_for_stop(const SignalHooks& hooks = {}) const;
  /// Makes the waiting thread call `on_wake`. Thread-safe.
  static void wake() noexcept;
  /// Whether a signal to stop waits for `wait_for_stop`: for work on that thread that takes
  /// seconds.
  static bool stop_is_pending() noexcept;

 private:
  int next(vx11::Duration most) const;

  sigset_t set_;
};

}  // namespace gateway
