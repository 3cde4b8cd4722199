#pragma once

/// \file
/// SIGINT and SIGTERM handling of `serve`. Internal.

#include <functional>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Calls `on_signal` for each SIGINT or SIGTERM during its lifetime, on its own thread. Several may
/// exist: each is called. The last one to be destroyed restores the previous handlers.
///
/// `on_signal` must not create or destroy one. Throws `std::system_error` if the system is out of
/// resources.
class TerminationSignals {
 public:
  explicit TerminationSignals(std::function<void()> on_signal);
  TerminationSignals(const TerminationSignals&) = delete;
  TerminationSignals& operator=(const TerminationSignals&) = delete;
  ~TerminationSignals();

 private:
  friend class SignalThread;
  std::function<void()> on_signal_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
