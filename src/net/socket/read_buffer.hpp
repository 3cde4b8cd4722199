#pragma once

/// \file
/// Bytes received and not yet consumed. Internal.

#include <cstddef>
#include <memory>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace net_detail {

/// A buffer with little memory per idle connection: a few hundred inline bytes, which hold a usual
/// request, and a heap block only while more is unread.
class ReadBuffer {
 public:
  std::string_view unread() const noexcept { return {data() + begin_, end_ - begin_}; }
  void consume(std::size_t bytes) noexcept { begin_ += bytes; }
  void commit(std::size_t bytes) noexcept { end_ += bytes; }

  /// Makes room to receive into; not during a receive. Returns to the inline bytes when nothing is
  /// unread.
  /// \return false if there is none, because memory is exhausted
  bool make_room() noexcept {
    if (begin_ == end_) {
      begin_ = end_ = 0;
      if (!wants_large_) large_.reset();
    } else if (begin_ != 0) {
      move_to_front();
    }
    if (end_ == capacity() || (wants_large_ && !large_)) grow();
    return end_ != capacity();
  }
  /// Gives the heap block back if nothing is unread: a stream waits for most of its time.
  void rest() noexcept {
    if (begin_ == end_ && large_) give_back();
  }
  /// Whether much data is expected, as in a body: it is then received in large pieces.
  void expect_much(bool much) noexcept { wants_large_ = much; }

  char* free_begin() noexcept { return data() + end_; }
  std::size_t free_size() const noexcept { return capacity() - end_; }

 private:
  static constexpr std::size_t kSmall = 512;
  static constexpr std::size_t kLarge = 16 * 1024;

  char* data() noexcept { return large_ ? large_.get() : small_; }
  const char* data() const noexcept { return large_ ? large_.get() : small_; }
  std::size_t capacity() const noexcept { return large_ ? large_capacity_ : kSmall; }
  void move_to_front() noexcept;
  void grow() noexcept;
  void give_back() noexcept;

  std::unique_ptr<char[]> large_;
  std::size_t large_capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool wants_large_ = false;
  char small_[kSmall];
};

}  // namespace net_detail
}  // namespace v0
}  // namespace vx11
