#pragma once

/// \file
/// A reply of Redis as a value. Internal.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vx11 {
inline namespace v0 {
namespace redis {

class ReplyBuilder;

/// One reply of RESP2. Reading it as something that it is not gives an empty text, zero or nil, so
/// that a foreign reply needs no check before each step.
class Reply {
 public:
  enum class Kind : std::uint8_t { nil, text, status, error, integer, array };

  Reply() = default;
  Reply(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}

  Kind kind() const noexcept { return kind_; }
  bool is_nil() const noexcept { return kind_ == Kind::nil; }
  bool is_error() const noexcept { return kind_ == Kind::error; }
  bool is_text() const noexcept { return kind_ == Kind::text; }
  bool is_array() const noexcept { return kind_ == Kind::array; }
  /// Of a text, a status or an error; the last may contain anything.
  std::string_view text() const noexcept { return text_; }
  std::string take_text() noexcept { return std::move(text_); }
  std::int64_t integer() const noexcept { return integer_; }
  /// The number of elements of an array.
  std::size_t size() const noexcept { return items_.size(); }
  /// Nil beyond the end.
  const Reply& operator[](std::size_t index) const noexcept {
    return index < items_.size() ? items_[index] : none();
  }
  Reply& operator[](std::size_t index) noexcept {
    return index < items_.size() ? items_[index] : none();
  }

 private:
  friend ReplyBuilder;
  static Reply& none() noexcept {
    thread_local Reply nil;
    nil = Reply();
    return nil;
  }

  Kind kind_ = Kind::nil;
  std::int64_t integer_ = 0;
  std::string text_ = {};
  std::vector<Reply> items_ = {};
};

}  // namespace redis
}  // namespace v0
}  // namespace vx11
