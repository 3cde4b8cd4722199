#pragma once

/// \file
/// Steps through JSON that is known to be valid, such as the members of `scan_object`. Internal.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vx11 {
inline namespace v0 {
namespace json {

/// The position of the first byte from `at` on that is no whitespace.
std::size_t skip_space(std::string_view json, std::size_t at) noexcept;

/// The position of the comma or bracket after the value at `at`.
std::size_t end_of_value(std::string_view json, std::size_t at) noexcept;

/// The elements of an array, as views of their JSON text.
class ArrayItems {
 public:
  /// \param array anything but an array has no elements
  explicit ArrayItems(std::string_view array) noexcept;
  /// The next element, or none at the end.
  std::optional<std::string_view> next() noexcept;
  /// The array from the next element on, whose end has not been looked for; empty at the end.
  std::string_view rest() noexcept;
  /// Passes by the element that `rest` begins with, which is `size` bytes long.
  void pass(std::size_t size) noexcept;

 private:
  std::string_view array_;
  std::size_t at_ = 0;
};

/// The members of an object, as views of their JSON text.
class ObjectItems {
 public:
  struct Item {
    std::string_view name = {};  ///< What stands between the quotes: escapes are not decoded.
    std::string_view value = {};
  };

  /// \param object anything but an object has no members; what follows the object is not read
  explicit ObjectItems(std::string_view object) noexcept;
  /// The next member, or none at the end.
  std::optional<Item> next() noexcept;
  /// Its name alone: `pass` or `value` follows.
  std::optional<std::string_view> next_name() noexcept;
  /// The object from the value of that member on, whose end has not been looked for.
  std::string_view rest() const noexcept { return object_.substr(at_); }
  /// Passes by that value, which is `size` bytes long.
  void pass(std::size_t size) noexcept;
  /// That value.
  std::string_view value() noexcept;

 private:
  std::string_view object_;
  std::size_t at_ = 0;
};

/// The decoded text of a value that is a string; else empty.
std::string text_of(std::string_view value);

/// Whether `value` is the whole number `digits`, with or without zeros as its fraction: `1`, `1.0`.
bool is_whole(std::string_view value, std::string_view digits) noexcept;

/// The value of a number that is a whole one from 0 on; else none.
std::optional<std::uint64_t> natural(std::string_view number) noexcept;

}  // namespace json
}  // namespace v0
}  // namespace vx11
