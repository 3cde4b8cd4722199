#include "net/socket/read_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

/// One block of the usual size for each thread, in place of an allocation for each wait.
thread_local std::unique_ptr<char[]> spare;

}  // namespace

void ReadBuffer::give_back() noexcept {
  begin_ = end_ = 0;
  if (large_capacity_ == kLarge && !spare) spare = std::move(large_);
  large_.reset();
}

void ReadBuffer::move_to_front() noexcept {
  std::memmove(data(), data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

/// Without memory the buffer stays as it is.
void ReadBuffer::grow() noexcept {
  const std::size_t capacity = std::max(kLarge, large_ ? 2 * large_capacity_ : 0);
  std::unique_ptr<char[]> larger;
  if (capacity == kLarge) larger = std::move(spare);
  if (!larger) larger.reset(new (std::nothrow) char[capacity]);
  if (!larger) return;
  std::memcpy(larger.get(), data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  large_ = std::move(larger);
  large_capacity_ = capacity;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
