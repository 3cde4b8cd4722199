#pragma once

/// \file
/// SIGINT and SIGTERM, as `serve` takes them. Internal.

#include <functional>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// Calls `on_signal` with each SIGINT or SIGTERM while this lives, on a thread of its own. There
/// may be several: each is called. The handlers that were installed before return with the last.
///
/// `on_signal` must neither make nor destroy one. Throws `std::system_error` if the system has no
/// room for it.
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
