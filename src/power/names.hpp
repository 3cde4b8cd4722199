#pragma once

/// \file
/// Lists of services. Internal.

#include <algorithm>
#include <iterator>
#include <string_view>

namespace vx11 {
inline namespace v0 {

template <class Range>
bool contains(const Range& names, std::string_view name) noexcept {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace v0
}  // namespace vx11
