#include "net/socket/read_buffer.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

namespace {

/// The blocks in reserve, in place of an allocation for each wait.
thread_local std::unique_ptr<char[]> spare_small;
thread_local std::unique_ptr<char[]> spare_large;

}  // namespace

void ReadBuffer::give_back() noexcept {
  if (capacity_ == kSmall && !spare_small) spare_small = std::move(block_);
  if (capacity_ == kLarge && !spare_large) spare_large = std::move(block_);
  block_.reset();
  begin_ = end_ = capacity_ = 0;
}

void ReadBuffer::move_to_front() noexcept {
  if (begin_ != end_) std::memmove(block_.get(), block_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

void ReadBuffer::grow() noexcept {
  if (capacity_ >= kMost) return;
  move_to(capacity_ < kLarge ? kLarge : 2 * capacity_);
}

void ReadBuffer::shrink() noexcept {
  move_to_front();
  move_to(kSmall);
}

/// Without memory the buffer stays as it is.
void ReadBuffer::move_to(Size capacity) noexcept {
  std::unique_ptr<char[]> block;
  if (capacity == kSmall) block = std::move(spare_small);
  if (capacity == kLarge) block = std::move(spare_large);
  if (!block) block.reset(new (std::nothrow) char[capacity]);
  if (!block) return;
  if (end_ != 0) std::memcpy(block.get(), block_.get(), end_);
  const Size end = end_;
  give_back();
  block_ = std::move(block);
  capacity_ = capacity;
  end_ = end;
}

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
