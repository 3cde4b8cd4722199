#include "net/loop/short_time_slice.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

/// The kernel's minimum is 0.1 ms; 0.2 ms was as fast and caused fewer context switches.
constexpr std::uint64_t kShort = 200'000;

/// The first version of the kernel's `struct sched_attr`, which glibc provides from 2.41 on.
struct Attributes {
  std::uint32_t size = sizeof(Attributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  ///< The slice, for a thread without a real-time policy.
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};
static_assert(sizeof(Attributes) == 48);

/// \return false if the thread has no slice that can be set, or reading it is not permitted
bool read(Attributes& attributes) noexcept {
  constexpr std::uint32_t kOther = 0;
  constexpr std::uint32_t kBatch = 3;
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return false;
  return attributes.policy == kOther || attributes.policy == kBatch;
}

/// Has no effect if the kernel refuses.
void set_slice(std::uint64_t nanoseconds) noexcept {
  Attributes attributes;
  if (!read(attributes)) return;
  attributes.runtime = nanoseconds;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

ShortTimeSlice::ShortTimeSlice() noexcept : before_(of_this_thread()) {
  if (before_ > kShort) set_slice(kShort);
  const std::uint64_t now = of_this_thread();
  short_ = now != 0 && now <= kShort;
}

ShortTimeSlice::~ShortTimeSlice() {
  if (before_ > kShort) set_slice(before_);
}

/// A yield gives up the rest of the slice.
void ShortTimeSlice::yield() const noexcept {
  if (short_) ::sched_yield();
}

std::uint64_t ShortTimeSlice::of_this_thread() noexcept {
  Attributes attributes;
  return read(attributes) ? attributes.runtime : 0;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
