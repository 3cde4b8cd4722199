#pragma once

/// \file
/// The mistakes of a description, as the library's own sources name them. Internal.

#include <vx11/detail/mistakes.hpp>

namespace vx11 {
inline namespace v0 {

using MistakeList = detail::Mistakes;

}  // namespace v0
}  // namespace vx11
