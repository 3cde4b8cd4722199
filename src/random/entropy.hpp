#pragma once

/// \file
/// Random bytes of the system. Internal.

#include <span>

namespace vx11 {
inline namespace v0 {
namespace random {

/// Fills up to 256 bytes that cannot be predicted. Costs a system call. Thread-safe.
void fill_with_entropy(std::span<unsigned char> bytes);

}  // namespace random
}  // namespace v0
}  // namespace vx11
