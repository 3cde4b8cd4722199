#include "net/socket/read_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

void ReadBuffer::move_to_front() noexcept {
  std::memmove(data(), data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

void ReadBuffer::grow() {
  const std::size_t capacity = std::max(kLarge, large_ ? 2 * large_capacity_ : 0);
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(larger.get(), data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  large_ = std::move(larger);
  large_capacity_ = capacity;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
