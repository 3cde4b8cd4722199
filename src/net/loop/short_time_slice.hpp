#pragma once

/// \file
/// Scheduling of a loop's thread. Internal.

#include <cstdint>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// While it exists, the calling thread has short time slices and is scheduled sooner in return; its
/// share of the processor is unchanged. A loop runs many short jobs, and the threads that wait for
/// them may need the same processor.
///
/// Needs Linux 6.12 or newer (EEVDF custom slices, P. Zijlstra); without effect before. A thread
/// with a real-time policy or a shorter slice keeps it. Destroy it on the same thread.
class ShortTimeSlice {
 public:
  ShortTimeSlice() noexcept;
  ~ShortTimeSlice();
  ShortTimeSlice(const ShortTimeSlice&) = delete;
  ShortTimeSlice& operator=(const ShortTimeSlice&) = delete;

  /// Yields to threads waiting for this processor if slices are short, so that this thread is
  /// scheduled again soon. The kernel notices the end of a slice only at its next scheduling event,
  /// at the latest at its tick, up to 4 ms later.
  void yield() const noexcept;

  /// The calling thread's slice in nanoseconds; 0 if it cannot be read.
  static std::uint64_t of_this_thread() noexcept;

 private:
  std::uint64_t before_;
  bool short_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
