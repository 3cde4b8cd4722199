#pragma once

/// \file
/// An array whose length is set at construction. Internal.

#include <cstddef>

namespace vx11 {
inline namespace v0 {
namespace detail {

/// The part of `std::vector` that a breaker needs, at a fraction of its compile time.
template <class T>
class FixedArray {
 public:
  explicit FixedArray(std::size_t size) : items_(new T[size]{}), size_(size) {}
  FixedArray(const FixedArray&) = delete;
  FixedArray& operator=(const FixedArray&) = delete;
  ~FixedArray() { delete[] items_; }

  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t at) noexcept { return items_[at]; }
  const T& operator[](std::size_t at) const noexcept { return items_[at]; }
  T* begin() noexcept { return items_; }
  T* end() noexcept { return items_ + size_; }

 private:
  T* const items_;
  const std::size_t size_;
};

}  // namespace detail
}  // namespace v0
}  // namespace vx11
