#pragma once

/// \file
/// `std::min` and `std::max` by value, without the compile time of `<algorithm>`. Internal.

#include <type_traits>

namespace vx11 {
inline namespace v0 {
namespace detail {

template <class T>
constexpr T smaller(T a, std::type_identity_t<T> b) noexcept {
  return b < a ? b : a;
}
template <class T>
constexpr T greater(T a, std::type_identity_t<T> b) noexcept {
  return a < b ? b : a;
}

}  // namespace detail
}  // namespace v0
}  // namespace vx11
