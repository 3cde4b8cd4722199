#pragma once

/// \file
/// How the kernel's scheduler treats a loop's thread. Internal.

#include <cstdint>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// While it lives, the calling thread's turns on a processor are short, and come the sooner for
/// that; its share stays the same. A loop has many short things to do, each of which somebody waits
/// for, who may need this very processor next.
///
/// Linux takes that wish from 6.12 on (EEVDF's custom slices; P. Zijlstra); before that nothing is
/// changed. A thread with a real-time policy, or with shorter turns already, keeps what it has.
/// Ends on the same thread.
class ShortTimeSlice {
 public:
  ShortTimeSlice() noexcept;
  ~ShortTimeSlice();
  ShortTimeSlice(const ShortTimeSlice&) = delete;
  ShortTimeSlice& operator=(const ShortTimeSlice&) = delete;

  /// Lets those who wait for this processor have their turn, if turns are short, so that this
  /// thread soon has its own again. The kernel itself notices the end of a slice no sooner than it
  /// next has to do with the processor, at the latest with its tick, up to 4 ms later.
  void yield() const noexcept;

  /// The calling thread's slice in nanoseconds; 0 if the kernel does not tell.
  static std::uint64_t of_this_thread() noexcept;

 private:
  std::uint64_t before_;
  bool short_;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
