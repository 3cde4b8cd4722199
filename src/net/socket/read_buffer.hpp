#pragma once

/// \file
/// Bytes received and not yet consumed. Internal.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// A buffer that has memory only while bytes are unread. It receives into a large block, so that
/// one receive takes a usual message; a wait keeps few unread bytes in a small one. Each thread
/// keeps one block of either size in reserve, so that a wait usually allocates nothing.
class ReadBuffer {
 public:
  std::string_view unread() const noexcept { return {block_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t bytes) noexcept { begin_ += static_cast<Size>(bytes); }
  void commit(std::size_t bytes) noexcept { end_ += static_cast<Size>(bytes); }

  /// Makes room to receive into; not during a receive.
  /// \return false if there is none, because memory is exhausted
  bool make_room() noexcept {
    if (begin_ != 0) move_to_front();
    if (end_ == capacity_ || capacity_ < kLarge) grow();
    return end_ != capacity_;
  }
  /// Keeps no more memory than the unread bytes need: most connections wait for most of their time.
  void rest() noexcept {
    if (begin_ == end_) {
      if (block_) give_back();
    } else if (capacity_ >= kLarge && !wants_large_ && end_ - begin_ < kSmall) {
      shrink();
    }
  }
  /// Whether much data is expected, as in a body: a wait then keeps a large block, too.
  void expect_much(bool much) noexcept { wants_large_ = much; }

  char* free_begin() noexcept { return block_.get() + end_; }
  std::size_t free_size() const noexcept { return capacity_ - end_; }

 private:
  /// Not std::size_t, since each idle connection has some.
  using Size = std::uint32_t;

  static constexpr Size kSmall = 512;
  static constexpr Size kLarge = 16 * 1024;
  /// Far above all limits for what is read as a whole.
  static constexpr Size kMost = 1024 * 1024 * 1024;

  void move_to_front() noexcept;
  void grow() noexcept;
  void shrink() noexcept;
  void move_to(Size capacity) noexcept;
  void give_back() noexcept;

  std::unique_ptr<char[]> block_;
  Size capacity_ = 0;
  Size begin_ = 0;
  Size end_ = 0;
  bool wants_large_ = false;
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
