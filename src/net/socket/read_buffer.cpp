#include "net/socket/read_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

void ReadBuffer::move_to_front() noexcept {
  std::memmove(data(), data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

/// Without memory the buffer stays as it is.
void ReadBuffer::grow() noexcept {
  const std::size_t capacity = std::max(kLarge, large_ ? 2 * large_capacity_ : 0);
  std::unique_ptr<char[]> larger(new (std::nothrow) char[capacity]);
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
